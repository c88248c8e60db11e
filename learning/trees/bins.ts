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
 */
export function binned(values: Float64Array, most: number): BinnedColumn {
  const edges = edgesOf(values, most - 1);
  const bins = new Uint8Array(values.length);
  for (let row = 0; row < bins.length; row += 1) {
    const value = values[row] as number;
    bins[row] = Number.isNaN(value) ? missingBin : edgesBelow(edges, value) + 1;
  }
  return { bins, edges };
}

function edgesOf(values: Float64Array, most: number): Float64Array {
  const distinct: number[] = [];
  const counts: number[] = [];
  for (const value of sortedValues(values)) {
    // 0 and -0 are one value.
    if (distinct.length > 0 && distinct[distinct.length - 1] === value)
      counts[counts.length - 1] = (counts[counts.length - 1] as number) + 1;
    else {
      distinct.push(value);
      counts.push(1);
    }
  }
  return Float64Array.from(lastOfBins(counts, most), (at) =>
    halfway(distinct[at] as number, distinct[at + 1] as number),
  );
}

/** The positions of the distinct values that end a bin; the last value of all ends none. */
function lastOfBins(counts: readonly number[], most: number): readonly number[] {
  if (counts.length <= most) return counts.slice(0, -1).map((_, at) => at);
  let left = counts.reduce((sum, count) => sum + count, 0);
  const ends: number[] = [];
  let inBin = 0;
  for (let at = 0; at + 1 < counts.length && ends.length + 1 < most; at += 1) {
    inBin += counts[at] as number;
    // A frequent value may fill several bins; what is left is shared by the bins that are left.
    const fair = left / (most - ends.length);
    const next = counts[at + 1] as number;
    if (inBin < fair && inBin + next / 2 < fair) continue;
    ends.push(at);
    left -= inBin;
    inBin = 0;
  }
  return ends;
}

/** A number that is at least `below` and less than `above`. */
function halfway(below: number, above: number): number {
  const middle = below / 2 + above / 2;
  return middle >= below && middle < above ? middle : below;
}
