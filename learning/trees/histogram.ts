/** How many numbers a bin has: the sum of gradients, the sum of second derivatives, the number of rows. */
export const perBin = 3;

/**
 * Adds rows to the histogram of one column. The inner loop of training: it stays this small so that it is compiled well.
 * @param at where the column's bins begin in `histogram`.
 * @param gradients of the rows in the order of `rows`, from position 0; so are `curvatures`.
 */
export function addRows(
  histogram: Float64Array,
  at: number,
  bins: Uint8Array,
  rows: Int32Array,
  start: number,
  end: number,
  gradients: Float64Array,
  curvatures: Float64Array,
): void {
  for (let i = start, k = 0; i < end; i += 1, k += 1) {
    const cell = at + 3 * (bins[rows[i] as number] as number);
    histogram[cell] = (histogram[cell] as number) + (gradients[k] as number);
    histogram[cell + 1] = (histogram[cell + 1] as number) + (curvatures[k] as number);
    histogram[cell + 2] = (histogram[cell + 2] as number) + 1;
  }
}

/** Copies the numbers of some rows side by side, so that the loop over each column reads them in order. */
export function gather(from: Float64Array, rows: Int32Array, start: number, end: number, into: Float64Array): void {
  for (let i = start, k = 0; i < end; i += 1, k += 1) into[k] = from[rows[i] as number] as number;
}

/** The histogram of one child is that of its parent less that of the other (Ke et al. 2017, section 2.1). */
export function subtract(parent: Float64Array, child: Float64Array): void {
  for (let cell = 0; cell < parent.length; cell += 1) parent[cell] = (parent[cell] as number) - (child[cell] as number);
}
