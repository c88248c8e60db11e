import { valuesAt } from '../data/matrix.ts';
import { sumOf } from '../data/numbers.ts';
import { solve } from './cholesky.ts';
import { designOf, type Inputs, productsOf, productsWith, sizeOf } from './design.ts';
import type { FittedRidge, FittedTerms, RidgeSpec } from './spec.ts';

/**
 * Linear regression with an L2 penalty by the normal equations, `(Z'WZ + lambda I) b = Z'W (y - mean)` with standardised Z, so
 * that the intercept is the weighted mean of the target (Hoerl and Kennard, "Ridge regression", Technometrics 12(1), 1970).
 * @param target one value a row, in the target's unit, which is the unit of the predictions.
 */
export function fitTerms(inputs: Inputs, target: Float64Array, lambda: number): FittedTerms {
  const { weights } = inputs;
  const design = designOf(inputs);
  const n = design.length;
  const intercept = sumOf(target.map((value, row) => value * (weights[row] as number))) / sumOf(weights);
  const rest = target.map((value, row) => (value - intercept) * (weights[row] as number));
  const products = productsOf(design, weights);
  for (let i = 0; i < n; i += 1) products[i * n + i] = (products[i * n + i] as number) + lambda;
  const coefficients = solve(products, productsWith(design, rest));
  return { intercept, terms: design.map(({ of }, index) => ({ ...of, coefficient: coefficients[index] as number })) };
}

/** Ridge regression of all rows, and of the rows of each value of `spec.by`, which is not an input then. */
export function trainRidge(
  spec: RidgeSpec,
  names: readonly string[],
  columns: readonly Float64Array[],
  target: Float64Array,
  weights: Float64Array,
): FittedRidge {
  const categories = new Set(spec.categories);
  const hasPenalty = spec.lambda > 0;
  const by = columns[names.indexOf(spec.by ?? '')];
  const used = names.flatMap((name, index) =>
    name === spec.by ? [] : [{ name, values: columns[index] as Float64Array }],
  );
  const inputs = {
    names: used.map(({ name }) => name),
    columns: used.map(({ values }) => values),
    categories,
    hasPenalty,
  };
  // One after the other: what is put there is read until its terms are fitted.
  const memory = new Float64Array(sizeOf({ ...inputs, weights }));
  const fitRows = (rows?: Int32Array) => {
    const only = (values: Float64Array) => (rows === undefined ? values : valuesAt(values, rows));
    return fitTerms({ ...inputs, rows, weights: only(weights), memory }, only(target), spec.lambda);
  };
  const groups = [...(by === undefined ? [] : groupsOf(by))]
    .filter(([, rows]) => rows.length >= (spec.minRows ?? 50) && rows.some((row) => (weights[row] as number) > 0))
    .map(([level, rows]) => ({ level, fit: fitRows(Int32Array.from(rows)) }));
  return { kind: 'ridge', all: fitRows(), groups };
}

/** The rows of each value, by the value ascending; rows where it is missing belong to none. */
function groupsOf(by: Float64Array): ReadonlyMap<number, readonly number[]> {
  const rows = new Map<number, number[]>();
  by.forEach((level, row) => {
    if (Number.isNaN(level)) return;
    const known = rows.get(level);
    if (known === undefined) rows.set(level, [row]);
    else known.push(row);
  });
  return new Map([...rows].sort(([one], [other]) => one - other));
}
