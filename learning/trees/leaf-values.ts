import { valuesAt } from '../data/matrix.ts';
import { weightedQuantile } from '../data/quantile.ts';
import type { Grown } from './grow.ts';
import { type Derivatives, leafLevel } from './loss.ts';
import type { Loss } from './spec.ts';

/** What has been predicted so far, and what was to be. */
export interface Fit {
  readonly sums: Float64Array;
  readonly target: Float64Array;
  readonly weights: Float64Array;
}

/**
 * What each leaf adds, the rate included: a Newton step -G / (H + lambda) (Chen and Guestrin 2016, equation 5), or of absolute
 * error and pinball loss the quantile of what is left of its rows (Friedman 2001, section 4.3), to which no penalty applies.
 */
export function leafValues(
  loss: Loss,
  { leaves, rows }: Grown,
  { gradient, curvature }: Derivatives,
  fit: Fit,
  { rate, lambda }: { readonly rate: number; readonly lambda: number },
): readonly number[] {
  const level = leafLevel(loss);
  return leaves.map(({ start, end }) => {
    const own = rows.subarray(start, end);
    if (level !== undefined) return rate * restOf(own, fit, level);
    let [g, h] = [0, 0];
    for (const row of own) {
      g += gradient[row] as number;
      h += curvature[row] as number;
    }
    return h + lambda > 0 ? (-rate * g) / (h + lambda) : 0;
  });
}

function restOf(rows: Int32Array, { sums, target, weights }: Fit, level: number): number {
  const rest = Float64Array.from(rows, (row) => (target[row] as number) - (sums[row] as number));
  return weightedQuantile(rest, valuesAt(weights, rows), level);
}
