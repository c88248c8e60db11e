/** How many numbers a bin has: the sum of gradients, the sum of second derivatives, the number of rows. */
export const perBin = 3;

/** A column of the matrix in a histogram: its bins, and where they begin. */
export interface Place {
  readonly bins: Uint8Array;
  readonly at: number;
}

/** Rows of a leaf, and their derivatives in the same order from position 0. */
export interface LeafRows {
  readonly rows: Int32Array;
  readonly start: number;
  readonly end: number;
  readonly gradients: Float64Array;
  readonly curvatures: Float64Array;
}

/**
 * Adds the rows of a leaf to a histogram. Four columns at a time take hardly more than half as long as one by one: what is read
 * of a row is read once for all, and their sums do not wait for each other.
 */
export function addLeaf(histogram: Float64Array, places: readonly Place[], leaf: LeafRows): void {
  const { rows, start, end, gradients, curvatures } = leaf;
  let first = 0;
  for (; first + 4 <= places.length; first += 4) {
    const [a, b, c, d] = places.slice(first, first + 4) as [Place, Place, Place, Place];
    addFour(histogram, a.bins, a.at, b.bins, b.at, c.bins, c.at, d.bins, d.at, rows, start, end, gradients, curvatures);
  }
  for (const { bins, at } of places.slice(first)) addOne(histogram, bins, at, rows, start, end, gradients, curvatures);
}

/** The inner loop of training: it stays this small so that it is compiled well. */
function addFour(
  histogram: Float64Array,
  binsA: Uint8Array,
  a: number,
  binsB: Uint8Array,
  b: number,
  binsC: Uint8Array,
  c: number,
  binsD: Uint8Array,
  d: number,
  rows: Int32Array,
  start: number,
  end: number,
  gradients: Float64Array,
  curvatures: Float64Array,
): void {
  for (let i = start, k = 0; i < end; i += 1, k += 1) {
    const row = rows[i] as number;
    const gradient = gradients[k] as number;
    const curvature = curvatures[k] as number;
    addCell(histogram, a + perBin * (binsA[row] as number), gradient, curvature);
    addCell(histogram, b + perBin * (binsB[row] as number), gradient, curvature);
    addCell(histogram, c + perBin * (binsC[row] as number), gradient, curvature);
    addCell(histogram, d + perBin * (binsD[row] as number), gradient, curvature);
  }
}

function addOne(
  histogram: Float64Array,
  bins: Uint8Array,
  at: number,
  rows: Int32Array,
  start: number,
  end: number,
  gradients: Float64Array,
  curvatures: Float64Array,
): void {
  for (let i = start, k = 0; i < end; i += 1, k += 1)
    addCell(
      histogram,
      at + perBin * (bins[rows[i] as number] as number),
      gradients[k] as number,
      curvatures[k] as number,
    );
}

function addCell(histogram: Float64Array, cell: number, gradient: number, curvature: number): void {
  histogram[cell] = (histogram[cell] as number) + gradient;
  histogram[cell + 1] = (histogram[cell + 1] as number) + curvature;
  histogram[cell + 2] = (histogram[cell + 2] as number) + 1;
}

/** Copies the numbers of some rows side by side, so that the loop over each column reads them in order. */
export function gather(from: Float64Array, rows: Int32Array, start: number, end: number, into: Float64Array): void {
  for (let i = start, k = 0; i < end; i += 1, k += 1) into[k] = from[rows[i] as number] as number;
}

/** The histogram of one child is that of its parent less that of the other (Ke et al. 2017, section 2.1). */
export function subtract(parent: Float64Array, child: Float64Array): void {
  for (let cell = 0; cell < parent.length; cell += 1) parent[cell] = (parent[cell] as number) - (child[cell] as number);
}
