import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { accuracy, areaUnderCurve } from '../../../learning/measure/classification.ts';
import { score } from '../../../learning/model/score.ts';
import type { ModelSpec } from '../../../learning/model/spec.ts';
import { train } from '../../../learning/model/train.ts';
import { tableOf } from './sample.ts';

/** "Occupancy Detection" of the UCI repository (Candanedo and Feldheim 2016): occ_train.csv, occ_t1.csv, occ_t2.csv. */
const folder =
  process.env.UCI_OCCUPANCY ?? resolve(import.meta.dirname, '..', '..', '..', '..', 'shared', 'data', 'uci-occupancy');

if (!existsSync(folder))
  process.stderr.write(`SKIPPED: no model is tried on measured occupancy: there is no ${folder}; set UCI_OCCUPANCY\n`);

const inputs = ['Temperature', 'Humidity', 'Light', 'CO2', 'HumidityRatio', 'nsm', 'weekend'];
const trees = { kind: 'trees', loss: { name: 'logistic' } } as const;

describe.skipIf(!existsSync(folder))('an office that was measured (UCI_OCCUPANCY)', () => {
  const [learnt, first, second] = ['occ_train', 'occ_t1', 'occ_t2'].map((name) => {
    const path = join(folder, `${name}.csv`);
    const table = tableOf(existsSync(path) ? readFileSync(path, 'utf8') : [...inputs, 'label'].join(','));
    return { matrix: table.matrix(inputs), label: table.column('label') };
  }) as [Office, Office, Office];

  // One week of one office: trees see the same lamp again and again, and have to be held back.
  const cases: readonly [string, ModelSpec, number, number][] = [
    ['logistic regression', { kind: 'logistic', lambda: 1 }, 0.975, 0.99],
    [
      'boosted trees',
      { ...trees, rounds: 100, rate: 0.05, leaves: 7, minRows: 200, lambda: 20, columnShare: 0.3, rowShare: 0.8 },
      0.955,
      0.975,
    ],
    [
      'boosted trees without restraint',
      { ...trees, rounds: 100, rate: 0.1, leaves: 31, bins: 256, lambda: 0 },
      0.955,
      0.975,
    ],
  ];

  it.each(cases)('%s', (_, spec, least1, least2) => {
    const artefact = train(spec, learnt.matrix, learnt.label);
    const [one, two] = [score(artefact, first.matrix), score(artefact, second.matrix)];
    expect(accuracy(one, first.label)).toBeGreaterThanOrEqual(least1);
    expect(accuracy(two, second.label)).toBeGreaterThanOrEqual(least2);
    expect(areaUnderCurve(one, first.label)).toBeGreaterThan(0.985);
    expect(areaUnderCurve(two, second.label)).toBeGreaterThan(0.995);
  });
});

interface Office {
  readonly matrix: ReturnType<ReturnType<typeof tableOf>['matrix']>;
  readonly label: Float64Array;
}
