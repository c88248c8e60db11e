// A model from its specification and examples, and predictions from a model.
//
//   1. spec.ts, check-spec.ts  what can be asked for, and whether it makes sense
//   2. train.ts     examples, sorted, become an artefact
//   3. artefact.ts  the artefact as text, its checksum
//   4. score.ts     an artefact and rows become predictions
//   5. explain.ts   what each column added to one prediction
//
// At the end the same examples in any order have given the same bytes; no time, no number by chance and no name is in them.
import { LearningError } from '../data/errors.ts';
import { checkMatrix, type Matrix, nameOfRow } from '../data/matrix.ts';
import { sortedValues } from '../data/numbers.ts';
import { type Examples, inOneOrder } from '../data/order.ts';
import { type Summary, summaryOf } from '../data/summary.ts';
import { fitLogistic } from '../linear/logistic.ts';
import { trainRidge } from '../linear/ridge.ts';
import type { FittedLogistic, LogisticSpec } from '../linear/spec.ts';
import { type BinnedColumn, binned } from '../trees/bins.ts';
import { trainTrees } from '../trees/boosting.ts';
import { treeDefaults } from '../trees/spec.ts';
import { sealed } from './artefact.ts';
import { checkSpec } from './check-spec.ts';
import { ridgePredictions, scalesOf } from './score.ts';
import type { Artefact, Fitted, Gain, ModelSpec, ResidualSpec } from './spec.ts';

/** Called while trees are grown, with how many there are and how many there will be. */
export type Progress = (done: number, total: number) => void;

interface Trained {
  readonly model: Fitted;
  /** Of each column; absent where the model has no trees. */
  readonly gains?: Float64Array;
}

/**
 * Trains a model. The same specification and rows give the same artefact to the byte, in whatever order the rows come
 * (`matrix.keys`).
 * @param target one value a row, never missing; of a probability 1 or 0.
 * @param weights one a row, 0 or more; 1 each where they are left out. A row of weight 2 counts as two rows, also beside the
 * penalties and limits of the specification, so weights should be about 1 on average.
 * @throws LearningError if there are no rows, a value is infinite, a target is missing, or the specification makes no sense.
 */
export function train(
  spec: ModelSpec,
  matrix: Matrix,
  target: Float64Array,
  weights?: Float64Array,
  progress: Progress = () => {},
): Artefact {
  const given = { matrix, target, weights: weights ?? new Float64Array(matrix.rows).fill(1) };
  checkMatrix(matrix);
  checkSpec(spec, matrix.columns);
  checkExamples(given, isProbability(spec));
  const examples = inOneOrder(given);
  const { columns, rows } = matrix;
  const memory = new Float64Array(rows);
  const [inputs, inBins]: [Summary[], BinnedColumn[]] = [[], []];
  const mostBins = mostBinsOf(spec);
  for (const [at, values] of examples.matrix.values.entries()) {
    // Sorted once for both: it takes a tenth of the time of the trees.
    const sorted = sortedValues(values, memory);
    inputs.push(summaryOf(columns[at] ?? '', values, sorted));
    if (mostBins !== undefined) inBins.push(binned(values, mostBins, sorted));
  }
  const { model, gains } = trained(spec, { ...examples, inBins }, progress);
  return sealed({ format: 1, spec, columns, rows, model, gains: gains ? shares(columns, gains) : [], inputs });
}

/** Whether a model predicts the probability of 1. */
export function isProbability(spec: ModelSpec): boolean {
  return (
    spec.kind === 'logistic' ||
    spec.kind === 'logistic-trees' ||
    (spec.kind === 'trees' && spec.loss.name === 'logistic')
  );
}

/** What is learnt from, in one order of the rows. */
interface Sorted extends Examples {
  /** The columns in bins, if the model has trees. */
  readonly inBins: readonly BinnedColumn[];
}

/** The most bins of a column; undefined if the model has no trees. */
function mostBinsOf(spec: ModelSpec): number | undefined {
  if (spec.kind === 'ridge' || spec.kind === 'logistic') return undefined;
  return (spec.kind === 'trees' ? spec : spec.trees).bins ?? treeDefaults.bins;
}

function trained(spec: ModelSpec, examples: Sorted, progress: Progress): Trained {
  const { matrix, inBins, target, weights } = examples;
  switch (spec.kind) {
    case 'trees':
      return trainTrees(spec, inBins, target, weights, (done) => progress(done, spec.rounds));
    case 'logistic-trees': {
      const onRound = (done: number) => progress(done, spec.trees.rounds);
      const { model, gains } = trainTrees(spec.trees, inBins, target, weights, onRound);
      const logistic = trainLogistic(spec.logistic, examples);
      return { model: { kind: 'logistic-trees', logistic, trees: model }, gains };
    }
    case 'ridge':
      return { model: trainRidge(spec, matrix.columns, matrix.values, target, weights) };
    case 'logistic':
      return { model: trainLogistic(spec, examples) };
    case 'residual':
      return trainResidual(spec, examples, progress);
    default:
      return spec satisfies never;
  }
}

function trainLogistic(spec: LogisticSpec, { matrix, target, weights }: Examples): FittedLogistic {
  const categories = new Set(spec.categories);
  const inputs = { names: matrix.columns, columns: matrix.values, weights, categories, hasPenalty: spec.lambda > 0 };
  return { kind: 'logistic', all: fitLogistic(inputs, target, spec.lambda) };
}

function trainResidual(spec: ResidualSpec, { matrix, inBins, target, weights }: Sorted, progress: Progress): Trained {
  const base = trainRidge(spec.base, matrix.columns, matrix.values, target, weights);
  const predicted = ridgePredictions(base, spec.base, matrix);
  const scales = scalesOf(spec, matrix);
  const rest = target.map((value, row) => (value - (predicted[row] as number)) / (scales[row] as number));
  const onRound = (done: number) => progress(done, spec.trees.rounds);
  const { model, gains } = trainTrees(spec.trees, inBins, rest, weights, onRound);
  return { model: { kind: 'residual', base, trees: model }, gains };
}

/** The columns that gained anything, as shares of the whole, the largest first, equal ones by name. */
function shares(columns: readonly string[], gains: Float64Array): readonly Gain[] {
  const total = gains.reduce((sum, gain) => sum + gain, 0);
  return columns
    .map((column, at) => ({ column, gain: (gains[at] as number) / total }))
    .filter(({ gain }) => gain > 0)
    .sort((one, other) => other.gain - one.gain || (one.column < other.column ? -1 : 1));
}

function checkExamples({ matrix, target, weights }: Examples, isClass: boolean): void {
  const { rows } = matrix;
  const wrong = (message: string) => new LearningError(message, 'Correct the query that makes the examples.');
  if (rows === 0)
    throw new LearningError('There are no rows to learn from.', 'Train once there is a history, or widen its range.');
  if (target.length !== rows) throw wrong(`There are ${target.length} targets for ${rows} rows.`);
  if (weights.length !== rows) throw wrong(`There are ${weights.length} weights for ${rows} rows.`);
  const unusable = target.findIndex((value) => !Number.isFinite(value) || (isClass && value !== 0 && value !== 1));
  if (unusable >= 0)
    throw wrong(
      `The target of row ${nameOfRow(matrix, unusable)} is ${target[unusable]}, and has to be ${isClass ? '0 or 1' : 'a number'}.`,
    );
  const negative = weights.findIndex((weight) => !(weight >= 0) || weight === Number.POSITIVE_INFINITY);
  if (negative >= 0)
    throw wrong(`The weight of row ${nameOfRow(matrix, negative)} is ${weights[negative]}, and has to be 0 or more.`);
  if (weights.every((weight) => weight === 0)) throw wrong('All rows have the weight 0.');
}
