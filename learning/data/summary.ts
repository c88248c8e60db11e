import { edgesBelow, sortedValues } from './numbers.ts';

/** How the values of a column were spread when a model was trained: into tenths, and how many rows fell into each. */
export interface Summary {
  readonly column: string;
  /** Ascending and different; fewer than nine where values repeat. A value belongs to the first range whose edge it is not above. */
  readonly edges: readonly number[];
  /** Rows of each range (one more than edges), and last the rows where it was missing. */
  readonly counts: readonly number[];
}

/** The summary of a column. @param sorted its values that are there, ascending. */
export function summaryOf(column: string, values: Float64Array, sorted = sortedValues(values)): Summary {
  const tenths = Array.from(
    { length: 9 },
    (_, at) => sorted[Math.floor((sorted.length * (at + 1)) / 10)] ?? Number.NaN,
  );
  const edges = [...new Set(tenths)].filter((edge) => !Number.isNaN(edge));
  return { column, edges, counts: countsOf(edges, values) };
}

/** How many values lie in each range of these edges, and last how many are missing. */
export function countsOf(edges: readonly number[], values: Float64Array): readonly number[] {
  const counts = new Array<number>(edges.length + 2).fill(0);
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] as number;
    const range = Number.isNaN(value) ? edges.length + 1 : edgesBelow(edges, value);
    counts[range] = (counts[range] as number) + 1;
  }
  return counts;
}
