import { LearningError } from '../data/errors.ts';
import type { LogisticSpec, RidgeSpec } from '../linear/spec.ts';
import type { TreesSpec } from '../trees/spec.ts';
import { treeDefaults } from '../trees/spec.ts';
import type { ModelSpec } from './spec.ts';

/**
 * @param columns of the examples.
 * @throws LearningError if a setting is out of its range or names a column that is not there.
 */
export function checkSpec(spec: ModelSpec, columns: readonly string[]): void {
  switch (spec.kind) {
    case 'trees':
      checkTrees(spec);
      break;
    case 'ridge':
    case 'logistic':
      checkLinear(spec, columns);
      break;
    case 'residual':
      checkLinear(spec.base, columns);
      checkTrees(spec.trees);
      if (spec.trees.loss.name === 'logistic')
        throw outOf('trees.loss', 'logistic', 'l2, l1 or quantile: the rest of a line is no probability');
      if (spec.scale === undefined) break;
      checkColumn('scale.column', spec.scale.column, columns);
      check('scale.atLeast', spec.scale.atLeast, spec.scale.atLeast > 0, 'above 0');
      break;
    case 'logistic-trees':
      checkLinear(spec.logistic, columns);
      checkTrees(spec.trees);
      if (spec.trees.loss.name !== 'logistic') throw outOf('trees.loss', spec.trees.loss.name, 'logistic');
      break;
    default:
      spec satisfies never;
  }
}

function checkTrees(spec: TreesSpec): void {
  const { rounds, rate, leaves, minRows, bins, columnShare, rowShare, lambda, seed, loss } = {
    ...treeDefaults,
    ...spec,
  };
  const isCount = (value: number, least: number) => Number.isSafeInteger(value) && value >= least;
  const isShare = (value: number) => value > 0 && value <= 1;
  check('rounds', rounds, isCount(rounds, 0), 'a whole number from 0');
  check('rate', rate, isShare(rate), 'above 0, at most 1');
  check('leaves', leaves, isCount(leaves, 2), 'a whole number from 2');
  check('minRows', minRows, isCount(minRows, 1), 'a whole number from 1');
  check('bins', bins, isCount(bins, 3) && bins <= 256, 'a whole number from 3 to 256');
  check('columnShare', columnShare, isShare(columnShare), 'above 0, at most 1');
  check('rowShare', rowShare, isShare(rowShare), 'above 0, at most 1');
  check('lambda', lambda, lambda >= 0 && Number.isFinite(lambda), '0 or more');
  check('seed', seed, Number.isSafeInteger(seed), 'a whole number');
  if (loss.name === 'quantile') check('loss.level', loss.level, loss.level > 0 && loss.level < 1, 'between 0 and 1');
}

function checkLinear(spec: RidgeSpec | LogisticSpec, columns: readonly string[]): void {
  check('lambda', spec.lambda, spec.lambda >= 0 && Number.isFinite(spec.lambda), '0 or more');
  for (const column of spec.categories ?? []) checkColumn('categories', column, columns);
  if (spec.kind === 'ridge' && spec.by !== undefined) checkColumn('by', spec.by, columns);
}

function checkColumn(setting: string, column: string, columns: readonly string[]): void {
  if (columns.includes(column)) return;
  throw new LearningError(
    `${setting} names the column ${column}, which the examples do not have.`,
    `Name one of their columns: ${columns.join(', ')}.`,
  );
}

function check(setting: string, value: number, isRight: boolean, range: string): void {
  if (!isRight) throw outOf(setting, String(value), range);
}

function outOf(setting: string, value: string, range: string): LearningError {
  return new LearningError(`${setting} is ${value}, and has to be ${range}.`, `Correct ${setting} of the model.`);
}
