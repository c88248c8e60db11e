import { nextOf } from './predict.ts';
import type { FittedTrees, Tree } from './spec.ts';

/** The mean prediction of all rows of training, and what each column of one row adds to it: they add up to its sum. */
export interface PathContributions {
  readonly base: number;
  /** One for each column of the artefact. */
  readonly added: Float64Array;
}

/**
 * Which column moved the prediction of a row, and by how much: on the row's path through a tree each split adds the
 * difference between the mean of the child and the mean of the split, means by rows of training, to its column (Saabas,
 * "Interpreting random forests", 2014; Palczewska et al., "Interpreting random forest classification models using a feature
 * contribution method", 2014, section 3).
 */
export function pathContributions(
  model: FittedTrees,
  columns: readonly Float64Array[],
  row: number,
): PathContributions {
  const added = new Float64Array(columns.length);
  let base = model.base;
  for (const tree of model.trees) {
    const means = meansOf(tree);
    base += means[0] as number;
    let at = 0;
    while (at >= 0) {
      const next = nextOf(tree, at, columns, row);
      const mean = (next >= 0 ? means[next] : tree.value[-1 - next]) as number;
      const column = tree.column[at] as number;
      added[column] = (added[column] as number) + (mean - (means[at] as number));
      at = next;
    }
  }
  return { base, added };
}

/** The mean of the leaves below each split, by the rows of training that ended there. */
function meansOf(tree: Tree): readonly number[] {
  const sums: { rows: number; sum: number }[] = [];
  const below = (next: number) =>
    next >= 0
      ? (sums[next] as { rows: number; sum: number })
      : {
          rows: tree.cover[-1 - next] as number,
          sum: (tree.cover[-1 - next] as number) * (tree.value[-1 - next] as number),
        };
  // A split is made before those below it, so going backwards meets the children first.
  for (let at = tree.column.length - 1; at >= 0; at -= 1) {
    const [left, right] = [below(tree.left[at] as number), below(tree.right[at] as number)];
    sums[at] = { rows: left.rows + right.rows, sum: left.sum + right.sum };
  }
  return sums.map(({ rows, sum }) => sum / rows);
}
