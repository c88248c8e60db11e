import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { rowsAt, valuesAt } from '../../../learning/data/matrix.ts';
import { logLoss } from '../../../learning/measure/classification.ts';
import { meanAbsoluteError, pinballLoss, rootMeanSquaredError } from '../../../learning/measure/regression.ts';
import { score } from '../../../learning/model/score.ts';
import { train } from '../../../learning/model/train.ts';
import type { Loss } from '../../../learning/trees/spec.ts';
import { fixtures, inputs, readSample, sampleText, tableOf } from './sample.ts';

const sample = readSample();
const matrix = sample.matrix(inputs);
const reference = tableOf(readFileSync(join(fixtures, 'lightgbm.csv'), 'utf8'));
/** The rows that both learn from; the other 500 they see for the first time. */
const learnt = Array.from({ length: 1500 }, (_, row) => row);
const unseen = Array.from({ length: 500 }, (_, row) => 1500 + row);

type Measure = (predicted: Float64Array, measured: Float64Array) => number | undefined;

function deviationOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return rootMeanSquaredError(values, new Float64Array(values.length).fill(mean)) ?? 0;
}

const cases: readonly [string, Loss, string, Measure][] = [
  ['occupied', { name: 'logistic' }, 'occupied', logLoss],
  ['mean', { name: 'l2' }, 'next_power', rootMeanSquaredError],
  ['median', { name: 'l1' }, 'next_power', meanAbsoluteError],
  ['ninth_decile', { name: 'quantile', level: 0.9 }, 'next_power', (p, y) => pinballLoss(p, y, 0.9)],
];

describe('trees are as good as those of LightGBM', () => {
  test.each(cases)('%s', (column, loss, targetName, measure) => {
    // The ninth decile of twenty rows is mostly chance.
    const minRows = loss.name === 'quantile' ? 60 : 20;
    const spec = { kind: 'trees', loss, rounds: 60, rate: 0.05, leaves: 15, minRows, lambda: 1 } as const;
    const target = sample.column(targetName);
    const ours = score(train(spec, rowsAt(matrix, learnt), valuesAt(target, learnt)), matrix);
    const theirs = reference.column(column);
    const ratioOn = (rows: readonly number[]) =>
      (measure(valuesAt(ours, rows), valuesAt(target, rows)) ?? Number.NaN) /
      (measure(valuesAt(theirs, rows), valuesAt(target, rows)) ?? Number.NaN);
    expect(Math.abs(ratioOn(learnt) - 1)).toBeLessThan(0.02);
    expect(Math.abs(ratioOn(unseen) - 1)).toBeLessThan(0.02);
    // Row by row they differ by what the edges of bins make of it.
    expect(rootMeanSquaredError(ours, theirs)).toBeLessThan(0.2 * deviationOf(theirs));
  });
});

test('the sample is what the project makes', () => {
  expect(readFileSync(join(fixtures, 'sample.csv'), 'utf8').replaceAll('\r\n', '\n')).toBe(sampleText(2000, 2023));
});
