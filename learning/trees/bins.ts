import { edgesBelow, sortedValues } from '../data/numbers.ts';

/** Where missing values go. */
export const missingBin = 0;

/** A column sorted into bins: `bins[row]` is 0 for a missing value, else 1 + the number of edges below the value. */
export interface BinnedColumn {
  readonly bins: Uint8Array;
  /** Ascending. Bin b (1 or more) holds the values above edge b - 2 and up to and including edge b - 1. */
  readonly edges: Float64Array;
}

/**
 * Sorts a column into at most `most` bins, the one for missing values included: one for each distinct value where they are few,
 * else bins with about as many rows each (the histogram method: Ke et al., "LightGBM", NeurIPS 2017, section 2.1; Chen and
 * Guestrin, "XGBoost", KDD 2016, section 3.2). An edge lies halfway between two neighbouring values of training.
 * @param sorted the values that are there, ascending.
 */
export function binned(values: Float64Array, most: number, sorted = sortedValues(values)): BinnedColumn {
  const edges = edgesOf(sorted, most - 1);
  const bins = new Uint8Array(values.length);
  for (let row = 0; row < bins.length; row += 1) {
    const value = values[row] as number;
    bins[row] = Number.isNaN(value) ? missingBin : edgesBelow(edges, value) + 1;
  }
  return { bins, edges };
}

/** Where the bins of at most so many end: between the values at two positions of `sorted`. The last value of all ends none. */
function edgesOf(sorted: Float64Array, most: number): Float64Array {
  let [distinct, left] = [0, sorted.length];
  for (let at = 0; at < sorted.length; at = endOfRun(sorted, at)) distinct += 1;
  const isFew = distinct <= most;
  const edges: number[] = [];
  let inBin = 0;
  let end = endOfRun(sorted, 0);
  for (let at = 0; end < sorted.length && (isFew || edges.length + 1 < most); ) {
    const next = endOfRun(sorted, end);
    inBin += end - at;
    // A frequent value may fill several bins; what is left is shared by the bins that are left.
    const fair = left / (most - edges.length);
    if (isFew || inBin >= fair || inBin + (next - end) / 2 >= fair) {
      edges.push(halfway(sorted[at] as number, sorted[end] as number));
      left -= inBin;
      inBin = 0;
    }
    at = end;
    end = next;
  }
  return Float64Array.from(edges);
}

/** Where the values that are equal to the one at a position end. 0 and -0 are one value. */
function endOfRun(sorted: Float64Array, at: number): number {
  const value = sorted[at];
  let end = at + 1;
  while (end < sorted.length && sorted[end] === value) end += 1;
  return end;
}

/** A number that is at least `below` and less than `above`. */
function halfway(below: number, above: number): number {
  const middle = below / 2 + above / 2;
  return middle >= below && middle < above ? middle : below;
}
