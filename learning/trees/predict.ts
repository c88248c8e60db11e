import type { FittedTrees, Tree } from './spec.ts';

/** What comes after a split for a row: another split, or below 0 a leaf. `columns` are those of the artefact, in its order. */
export function nextOf(tree: Tree, at: number, columns: readonly Float64Array[], row: number): number {
  const value = (columns[tree.column[at] as number] as Float64Array)[row] as number;
  // A missing value is no number, and compares as false.
  const isLeft = value <= (tree.threshold[at] as number) || (Number.isNaN(value) && tree.missingLeft[at] === 1);
  return (isLeft ? tree.left[at] : tree.right[at]) as number;
}

/** The sum of the trees for each row: of log loss, log odds. */
export function sumsOfTrees(model: FittedTrees, columns: readonly Float64Array[], rows: number): Float64Array {
  const sums = new Float64Array(rows).fill(model.base);
  for (const tree of model.trees) {
    const values = tree.column.map((column) => columns[column] as Float64Array);
    // Lists of one type of number each are read fastest.
    const [missingLeft, left, right] = [tree.missingLeft, tree.left, tree.right].map((list) => Int32Array.from(list));
    const [thresholds, leaves] = [Float64Array.from(tree.threshold), Float64Array.from(tree.value)];
    if (missingLeft && left && right) addTree(sums, values, thresholds, missingLeft, left, right, leaves);
  }
  return sums;
}

function addTree(
  sums: Float64Array,
  values: readonly Float64Array[],
  thresholds: Float64Array,
  missingLeft: Int32Array,
  left: Int32Array,
  right: Int32Array,
  leaves: Float64Array,
): void {
  for (let row = 0; row < sums.length; row += 1) {
    let at = 0;
    while (at >= 0) {
      const value = (values[at] as Float64Array)[row] as number;
      const isLeft = value <= (thresholds[at] as number) || (Number.isNaN(value) && missingLeft[at] === 1);
      at = (isLeft ? left[at] : right[at]) as number;
    }
    sums[row] = (sums[row] as number) + (leaves[-1 - at] as number);
  }
}
