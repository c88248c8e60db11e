import type { FittedTerms, Term } from './spec.ts';

/** What a term adds for a value of its column. */
function addedBy(term: Term, value: number): number {
  if (Number.isNaN(value)) return 0;
  const { least = Number.NEGATIVE_INFINITY, greatest = Number.POSITIVE_INFINITY } = term;
  const x = term.level === undefined ? Math.min(Math.max(value, least), greatest) : Number(value === term.level);
  return (term.coefficient * (x - term.mean)) / term.deviation;
}

/**
 * The predictions of some rows: the intercept and what the terms add, in their order.
 * @param rows their positions; the predictions are put at the same positions of `sums`.
 * @param valuesOf a column; one that is not there adds nothing.
 */
export function sumTerms(
  fit: FittedTerms,
  valuesOf: (column: string) => Float64Array | undefined,
  rows: Int32Array,
  sums: Float64Array,
): void {
  for (const row of rows) sums[row] = fit.intercept;
  for (const term of fit.terms) {
    const values = valuesOf(term.column);
    if (values !== undefined) addTerm(term, values, rows, sums);
  }
}

/** A term at a time: what it is made of is read once, and not for each row. */
function addTerm(term: Term, values: Float64Array, rows: Int32Array, sums: Float64Array): void {
  const { level, coefficient, mean, deviation } = term;
  const { least = Number.NEGATIVE_INFINITY, greatest = Number.POSITIVE_INFINITY } = term;
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at] as number;
    const value = values[row] as number;
    if (Number.isNaN(value)) continue;
    const x = level === undefined ? Math.min(Math.max(value, least), greatest) : Number(value === level);
    sums[row] = (sums[row] as number) + (coefficient * (x - mean)) / deviation;
  }
}

/** What each column adds to the prediction of a row, by column, in the order of the terms. Exact: these are the terms. */
export function addedByColumns(fit: FittedTerms, valueIn: (column: string) => number): ReadonlyMap<string, number> {
  const added = new Map<string, number>();
  for (const term of fit.terms)
    added.set(term.column, (added.get(term.column) ?? 0) + addedBy(term, valueIn(term.column)));
  return added;
}
