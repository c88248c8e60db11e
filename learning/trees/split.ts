import { perBin } from './histogram.ts';

/** What a split of a leaf would be. `gain` is 0 where no split is allowed. */
export interface Split {
  gain: number;
  /** Position among the columns of the matrix. */
  column: number;
  /** Rows up to and including this bin go to the left. */
  bin: number;
  missingLeft: boolean;
  leftRows: number;
  leftGradient: number;
  leftCurvature: number;
}

/** No split: what every search begins with. */
export function noSplit(): Split {
  return { gain: 0, column: -1, bin: 0, missingLeft: false, leftRows: 0, leftGradient: 0, leftCurvature: 0 };
}

/** What all rows of a leaf sum up to. */
export interface Sums {
  readonly gradient: number;
  readonly curvature: number;
  readonly rows: number;
}

/** What a split has to obey. */
export interface SplitLimits {
  readonly minRows: number;
  readonly lambda: number;
  /** Gains up to this are rounding errors. */
  readonly minGain: number;
}

/** Both children need this much curvature: of rows that are predicted with certainty, none is left to learn. */
const minCurvature = 1e-3;

/**
 * The best split of a leaf on one column; replaces `best` if it gains more. The gain is what the split takes off the loss, to
 * second order, twice: G_l^2 / (H_l + lambda) + G_r^2 / (H_r + lambda) - G^2 / (H + lambda) (Chen and Guestrin 2016, equation 7).
 * Missing values are tried on both sides (algorithm 3); where the leaf has none, they go where more rows go.
 * @param at where the column's bins begin in `histogram`: first the one of missing values, then `bins` others.
 */
export function betterSplit(
  best: Split,
  histogram: Float64Array,
  at: number,
  bins: number,
  column: number,
  sums: Sums,
  limits: SplitLimits,
): void {
  const missing = histogram[at + 2] as number;
  scan(best, histogram, at, bins, column, sums, limits, false);
  if (missing > 0) scan(best, histogram, at, bins, column, sums, limits, true);
}

function scan(
  best: Split,
  histogram: Float64Array,
  at: number,
  bins: number,
  column: number,
  { gradient, curvature, rows }: Sums,
  { minRows, lambda, minGain }: SplitLimits,
  missingLeft: boolean,
): void {
  const parent = (gradient * gradient) / (curvature + lambda);
  const hasMissing = (histogram[at + 2] as number) > 0;
  let leftGradient = missingLeft ? (histogram[at] as number) : 0;
  let leftCurvature = missingLeft ? (histogram[at + 1] as number) : 0;
  let leftRows = missingLeft ? (histogram[at + 2] as number) : 0;
  // The last bin has no edge above it: all values to the left, only missing ones to the right.
  const last = hasMissing && !missingLeft ? bins : bins - 1;
  for (let bin = 1; bin <= last; bin += 1) {
    const cell = at + perBin * bin;
    const inBin = histogram[cell + 2] as number;
    if (inBin === 0) continue;
    leftGradient += histogram[cell] as number;
    leftCurvature += histogram[cell + 1] as number;
    leftRows += inBin;
    if (leftRows < minRows) continue;
    if (rows - leftRows < minRows) break;
    const rightCurvature = curvature - leftCurvature;
    if (leftCurvature < minCurvature || rightCurvature < minCurvature) continue;
    const rightGradient = gradient - leftGradient;
    const gain =
      (leftGradient * leftGradient) / (leftCurvature + lambda) +
      (rightGradient * rightGradient) / (rightCurvature + lambda) -
      parent;
    // Gains that differ by rounding are equal: the first one stays.
    if (gain > best.gain * (1 + 1e-12) && gain > minGain) {
      best.gain = gain;
      best.column = column;
      best.bin = bin;
      best.missingLeft = hasMissing ? missingLeft : leftRows * 2 >= rows;
      best.leftRows = leftRows;
      best.leftGradient = leftGradient;
      best.leftCurvature = leftCurvature;
    }
  }
}
