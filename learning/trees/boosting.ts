// Gradient boosting: a sum of small trees, each grown on what the ones before it get wrong.
//
//   1. spec.ts           how it is trained, and what a trained model is
//   2. bins.ts           each column is sorted into at most 64 bins
//   3. loss.ts           what is wrong with the sum so far, row by row: the derivatives of the loss
//   4. histogram.ts, split.ts, grow.ts  a tree on these derivatives, leaf by leaf
//   5. leaf-values.ts    what its leaves add
//   6. boosting.ts       round by round
//   7. predict.ts        the sum for a row; contributions.ts: which column added what
//
// At the end there are as many trees as rounds, less those that found nothing to split.
import { randomOf, sampleOf } from '../data/random.ts';
import type { BinnedColumn } from './bins.ts';
import { Grower, type Grown, type MadeSplit } from './grow.ts';
import { leafValues } from './leaf-values.ts';
import { bestConstant, type Derivatives, derive } from './loss.ts';
import { type FittedTrees, type Tree, type TreesSpec, treeDefaults } from './spec.ts';

/** Trained trees, and how much the splits on each column gained in all. */
export interface TrainedTrees {
  readonly model: FittedTrees;
  readonly gains: Float64Array;
}

/**
 * Boosts trees (Friedman, "Greedy function approximation: a gradient boosting machine", Annals of Statistics 29(5), 2001,
 * algorithm 1; with samples of the rows: "Stochastic gradient boosting", Computational Statistics and Data Analysis 38(4), 2002).
 * @param sorted the columns in bins, in one order of the rows; the same rows in another order give another model.
 * @param onRound is called after each round with the number of rounds done.
 */
export function trainTrees(
  spec: TreesSpec,
  sorted: readonly BinnedColumn[],
  target: Float64Array,
  weights: Float64Array,
  onRound: (done: number) => void = () => {},
): TrainedTrees {
  const full = { ...treeDefaults, ...spec };
  const splittable = sorted.flatMap(({ edges, bins }, at) => (edges.length > 0 || hasBoth(bins) ? [at] : []));
  const base = bestConstant(spec.loss, target, weights);
  const gains = new Float64Array(sorted.length);
  const trees: Tree[] = [];
  const rows = target.length;
  const sums = new Float64Array(rows).fill(base);
  const derivatives = { gradient: new Float64Array(rows), curvature: new Float64Array(rows) };
  derive(spec.loss, sums, target, weights, derivatives);
  const grower = new Grower(sorted, rows, { ...full, minGain: roundingOf(derivatives, target, weights) });
  const random = randomOf(full.seed);
  const columnCount = Math.max(1, Math.round(full.columnShare * splittable.length));
  const rowCount = Math.max(1, Math.round(full.rowShare * rows));
  const rounds = splittable.length === 0 ? 0 : spec.rounds;
  for (let round = 0; round < rounds; round += 1) {
    derive(spec.loss, sums, target, weights, derivatives);
    const sampled = sampleOf(random, rows, rowCount);
    const used = sampleOf(random, splittable.length, columnCount).map((at) => splittable[at] as number);
    const grown = grower.grow(sampled, derivatives.gradient, derivatives.curvature, used);
    if (grown.splits.length > 0) {
      const values = leafValues(spec.loss, grown, derivatives, { sums, target, weights }, full);
      addToSums(sums, grown, values, sorted);
      for (const { column, gain } of grown.splits) gains[column] = (gains[column] as number) + gain;
      trees.push(treeOf(grown, values, sorted));
    }
    onRound(round + 1);
  }
  return { model: { kind: 'trees', link: spec.loss.name === 'logistic' ? 'logit' : 'identity', base, trees }, gains };
}

/**
 * What a split may seem to gain by rounding alone: of all that there is to gain at the beginning the share 1e-12, and of a
 * target whose values are (nearly) equal what their last digits make.
 */
function roundingOf({ gradient, curvature }: Derivatives, target: Float64Array, weights: Float64Array): number {
  let [all, squares] = [0, 0];
  for (let row = 0; row < target.length; row += 1) {
    const h = curvature[row] as number;
    if (h > 0) all += (gradient[row] as number) ** 2 / h;
    squares += (weights[row] as number) * (target[row] as number) ** 2;
  }
  return 1e-12 * all + 1e-24 * squares;
}

/** Whether some values are missing and some are not: a column of one value can be split by that. */
function hasBoth(bins: Uint8Array): boolean {
  return bins.includes(0) && bins.includes(1);
}

/** The rows that the tree was grown on are known by leaf; the others go down the tree. */
function addToSums(
  sums: Float64Array,
  grown: Grown,
  values: readonly number[],
  columns: readonly BinnedColumn[],
): void {
  const { rows, leaves, splits } = grown;
  leaves.forEach(({ start, end }, leaf) => {
    const value = values[leaf] as number;
    for (let i = start; i < end; i += 1) {
      const row = rows[i] as number;
      sums[row] = (sums[row] as number) + value;
    }
  });
  if (rows.length === sums.length) return;
  const isIn = new Uint8Array(sums.length);
  for (const row of rows) isIn[row] = 1;
  const bins = splits.map(({ column }) => (columns[column] as BinnedColumn).bins);
  for (let row = 0; row < sums.length; row += 1)
    if (isIn[row] === 0) sums[row] = (sums[row] as number) + (values[leafOf(splits, bins, row)] as number);
}

function leafOf(splits: readonly MadeSplit[], bins: readonly Uint8Array[], row: number): number {
  let at = 0;
  while (at >= 0) {
    const split = splits[at] as MadeSplit;
    const bin = (bins[at] as Uint8Array)[row] as number;
    const isLeft = bin === 0 ? split.missingLeft : bin <= split.bin;
    at = isLeft ? split.left : split.right;
  }
  return -1 - at;
}

/** A split by bins as one by values. Above the last edge there is none: the largest number stands for it. */
function treeOf({ splits, leaves }: Grown, values: readonly number[], columns: readonly BinnedColumn[]): Tree {
  return {
    column: splits.map(({ column }) => column),
    threshold: splits.map(({ column, bin }) => columns[column]?.edges[bin - 1] ?? Number.MAX_VALUE),
    missingLeft: splits.map(({ missingLeft }) => Number(missingLeft)),
    left: splits.map(({ left }) => left),
    right: splits.map(({ right }) => right),
    value: values,
    cover: leaves.map(({ start, end }) => end - start),
  };
}
