import type { FittedTerms, Term } from './spec.ts';

/** What a term adds for a value of its column. */
function addedBy(term: Term, value: number): number {
  if (Number.isNaN(value)) return 0;
  const { least = Number.NEGATIVE_INFINITY, greatest = Number.POSITIVE_INFINITY } = term;
  const x = term.level === undefined ? Math.min(Math.max(value, least), greatest) : Number(value === term.level);
  return (term.coefficient * (x - term.mean)) / term.deviation;
}

/** The prediction of a row: the intercept and what the terms add. `valueIn` gives the row's value of a column. */
export function sumOfTerms(fit: FittedTerms, valueIn: (column: string) => number): number {
  return fit.terms.reduce((sum, term) => sum + addedBy(term, valueIn(term.column)), fit.intercept);
}

/** What each column adds to the prediction of a row, by column, in the order of the terms. Exact: these are the terms. */
export function addedByColumns(fit: FittedTerms, valueIn: (column: string) => number): ReadonlyMap<string, number> {
  const added = new Map<string, number>();
  for (const term of fit.terms)
    added.set(term.column, (added.get(term.column) ?? 0) + addedBy(term, valueIn(term.column)));
  return added;
}
