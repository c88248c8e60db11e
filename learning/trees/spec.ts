/** What boosted trees are trained to: what they predict, and how wrong they are. */
export type Loss =
  /** The mean: squared error. */
  | { readonly name: 'l2' }
  /** The median: absolute error. */
  | { readonly name: 'l1' }
  /** The value that the target stays below with probability `level`, 0 to 1: pinball loss. */
  | { readonly name: 'quantile'; readonly level: number }
  /** The probability that the target is 1; the target is 0 or 1. Log loss. */
  | { readonly name: 'logistic' };

/** How boosted trees are trained. Whatever is left out has the value of `treeDefaults`. */
export interface TreesSpec {
  readonly kind: 'trees';
  readonly loss: Loss;
  /** How many trees. All are grown: stopping early on the newest days picks too few under drift. */
  readonly rounds: number;
  /** The share of each tree's correction that is applied, above 0, at most 1. */
  readonly rate: number;
  /** The most leaves that a tree may have, at least 2. */
  readonly leaves: number;
  /** The fewest rows that a leaf may have. */
  readonly minRows?: number;
  /** The most bins into which the values of a column are sorted, 3 to 256; one of them is for missing values. */
  readonly bins?: number;
  /** The share of the columns that each tree may use, above 0, at most 1, chosen by chance. */
  readonly columnShare?: number;
  /** The share of the rows that each tree is grown on, above 0, at most 1, chosen by chance. */
  readonly rowShare?: number;
  /** L2 penalty on the values of leaves, in units of weight (rows). */
  readonly lambda?: number;
  /** Where chance begins; an integer. */
  readonly seed?: number;
}

/** The values of what a specification leaves out. */
export const treeDefaults = {
  minRows: 20,
  bins: 64,
  columnShare: 1,
  rowShare: 1,
  lambda: 1,
  seed: 1,
} as const;

/**
 * One tree, as flat lists. Split `i` sends a row to the left if its value of column `column[i]` (a position in the artefact's
 * columns) is at most `threshold[i]`, or if it is missing and `missingLeft[i]` is 1. `left[i]` and `right[i]` name what comes
 * next: a split, or, below 0, the leaf `-1 - left[i]`. Split 0 is the root.
 */
export interface Tree {
  readonly column: readonly number[];
  readonly threshold: readonly number[];
  readonly missingLeft: readonly number[];
  readonly left: readonly number[];
  readonly right: readonly number[];
  /** What a row that ends in this leaf adds to the sum, the rate included. */
  readonly value: readonly number[];
  /** How many rows of training ended in this leaf. */
  readonly cover: readonly number[];
}

/** Boosted trees, trained. The sum of `base` and of one leaf a tree is the prediction; for log loss, its log odds. */
export interface FittedTrees {
  readonly kind: 'trees';
  readonly link: 'identity' | 'logit';
  readonly base: number;
  readonly trees: readonly Tree[];
}
