import { columnsNamed, type Matrix } from '../data/matrix.ts';
import { countsOf } from '../data/summary.ts';
import type { Artefact } from '../model/spec.ts';

/** How far a column has moved since a model was trained. */
export interface Drift {
  readonly column: string;
  /** The population stability index, 0 or more: below 0.1 as before, above 0.25 another distribution. */
  readonly psi: number;
}

/**
 * The population stability index of each input of a model, the largest first: the sum over ranges of
 * (share now - share then) * ln(share now / share then), the ranges being tenths of the rows of training, and one for missing
 * values (Siddiqi, "Credit risk scorecards", 2006, chapter 8). Half a row is added to every range, so that an empty one is finite. Values that are missing
 * less often than then are no drift: in the first months what looks back over weeks is known ever more often. Of them the values alone are compared.
 * @param matrix the newest rows; of no rows every index is 0.
 */
export function driftOf(artefact: Artefact, matrix: Matrix): readonly Drift[] {
  const columns = columnsNamed(matrix, artefact.columns);
  return artefact.inputs
    .map(({ column, edges, counts }, at) => ({
      column,
      psi: matrix.rows === 0 ? 0 : indexOf(counts, countsOf(edges, columns[at] ?? new Float64Array(0))),
    }))
    .sort((one, other) => other.psi - one.psi || (one.column < other.column ? -1 : 1));
}

/** @param then counts of ranges, and last of missing values; so is `now`. */
function indexOf(then: readonly number[], now: readonly number[]): number {
  const missing = (counts: readonly number[]) => (counts.at(-1) ?? 0) / counts.reduce((sum, count) => sum + count, 0);
  const isMoreComplete = missing(now) < missing(then);
  return isMoreComplete ? stabilityIndex(then.slice(0, -1), now.slice(0, -1)) : stabilityIndex(then, now);
}

/** The index of two lists of counts of the same ranges. */
export function stabilityIndex(then: readonly number[], now: readonly number[]): number {
  const [before, after] = [sharesOf(then), sharesOf(now)];
  return after.reduce((sum, share, at) => sum + (share - (before[at] ?? 0)) * Math.log(share / (before[at] ?? 1)), 0);
}

function sharesOf(counts: readonly number[]): readonly number[] {
  const total = counts.reduce((sum, count) => sum + count + 0.5, 0);
  return counts.map((count) => (count + 0.5) / total);
}
