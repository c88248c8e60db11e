import type { FittedTrees, Tree } from './spec.ts';

/** The number of the leaf in which a row ends. `columns` are those of the artefact, in its order. */
export function leafOfRow(tree: Tree, columns: readonly Float64Array[], row: number): number {
  let at = 0;
  do at = nextOf(tree, at, columns, row);
  while (at >= 0);
  return -1 - at;
}

/** What comes after a split for a row: another split, or below 0 a leaf. */
export function nextOf(tree: Tree, at: number, columns: readonly Float64Array[], row: number): number {
  const value = (columns[tree.column[at] as number] as Float64Array)[row] as number;
  // A missing value is no number, and compares as false.
  const isLeft = value <= (tree.threshold[at] as number) || (Number.isNaN(value) && tree.missingLeft[at] === 1);
  return (isLeft ? tree.left[at] : tree.right[at]) as number;
}

/** The sum of the trees for each row: of log loss, log odds. */
export function sumsOfTrees(model: FittedTrees, columns: readonly Float64Array[], rows: number): Float64Array {
  const sums = new Float64Array(rows).fill(model.base);
  for (const tree of model.trees) addTree(sums, tree, columns);
  return sums;
}

function addTree(sums: Float64Array, tree: Tree, columns: readonly Float64Array[]): void {
  for (let row = 0; row < sums.length; row += 1)
    sums[row] = (sums[row] as number) + (tree.value[leafOfRow(tree, columns, row)] as number);
}
