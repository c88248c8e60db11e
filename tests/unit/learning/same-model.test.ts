import { expect, test } from 'vitest';
import { type Matrix, rowsAt, valuesAt } from '../../../learning/data/matrix.ts';
import { randomOf, shuffled } from '../../../learning/data/random.ts';
import { artefactText, calibrated, readArtefact } from '../../../learning/model/artefact.ts';
import { explain } from '../../../learning/model/explain.ts';
import { score } from '../../../learning/model/score.ts';
import type { ModelSpec } from '../../../learning/model/spec.ts';
import { isProbability, train } from '../../../learning/model/train.ts';
import { inputs, readSample } from './sample.ts';

const sample = readSample();
const some = Array.from({ length: 700 }, (_, at) => at * 2);
const matrix = rowsAt(sample.matrix(inputs), some);
const keyed = { ...matrix, keys: [Float64Array.from(some, (row) => row % 5), Float64Array.from(some)] };
const trees = { kind: 'trees', rounds: 12, rate: 0.2, leaves: 8, columnShare: 0.6, rowShare: 0.7 } as const;
const ridge = { kind: 'ridge', lambda: 3, categories: ['hour'], by: 'room' } as const;
const logistic = { kind: 'logistic', lambda: 3, categories: ['hour', 'room'] } as const;
const specs: readonly [string, ModelSpec][] = [
  ['trees of squared error', { ...trees, loss: { name: 'l2' } }],
  ['trees of absolute error', { ...trees, loss: { name: 'l1' } }],
  ['trees of pinball loss', { ...trees, loss: { name: 'quantile', level: 0.8 } }],
  ['trees of log loss', { ...trees, loss: { name: 'logistic' } }],
  ['ridge', ridge],
  ['logistic', logistic],
  ['logistic and trees', { kind: 'logistic-trees', logistic, trees: { ...trees, loss: { name: 'logistic' } } }],
  [
    'residual',
    {
      kind: 'residual',
      base: ridge,
      trees: { ...trees, loss: { name: 'l2' } },
      scale: { column: 'power', atLeast: 50 },
    },
  ],
];

function targetOf(spec: ModelSpec): Float64Array {
  return valuesAt(sample.column(isProbability(spec) ? 'occupied' : 'next_power'), some);
}

const orders = [shuffled(randomOf(5), some.length), shuffled(randomOf(6), some.length)];

test.each(specs)('the order of the rows makes no difference: %s', (_, spec) => {
  const target = targetOf(spec);
  for (const one of [matrix, keyed] satisfies Matrix[]) {
    const text = artefactText(train(spec, one, target));
    for (const order of orders)
      expect(artefactText(train(spec, rowsAt(one, order), valuesAt(target, order))) === text).toBe(true);
  }
});

test.each(specs)('an artefact survives as text: %s', (_, spec) => {
  const artefact = train(spec, matrix, targetOf(spec));
  const again = readArtefact(artefactText(artefact));
  expect(again.checksum).toBe(artefact.checksum);
  expect(score(again, matrix)).toEqual(score(artefact, matrix));
  // jsonb keeps keys in an order of its own.
  const reversed = Object.fromEntries(Object.entries(artefact).reverse());
  expect(readArtefact(reversed).checksum).toBe(artefact.checksum);
});

test.each(specs)('contributions add up to the prediction: %s', (_, spec) => {
  const artefact = train(spec, matrix, targetOf(spec));
  const predictions = score(artefact, matrix);
  for (const row of [0, 13, 699]) {
    const { base, sum, prediction, contributions } = explain(artefact, matrix, row);
    expect(contributions.length).toBeGreaterThan(0);
    expect(contributions.reduce((total, { contribution }) => total + contribution, base)).toBeCloseTo(sum, 9);
    expect(Math.abs(prediction - (predictions[row] ?? Number.NaN))).toBeLessThan(1e-9 * Math.max(1, Math.abs(sum)));
    const sizes = contributions.map(({ contribution }) => Math.abs(contribution));
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
  }
});

test.each(specs)('another seed, setting or target is another model: %s', (_, spec) => {
  const target = targetOf(spec);
  const checksum = train(spec, matrix, target).checksum;
  // A single target may change no median.
  const changed = target.toReversed();
  const checksums = [train(spec, matrix, changed), train(otherThan(spec), matrix, target)].map(
    (artefact) => artefact.checksum,
  );
  expect(new Set([checksum, ...checksums]).size).toBe(3);
});

function otherThan(spec: ModelSpec): ModelSpec {
  switch (spec.kind) {
    case 'trees':
      return { ...spec, seed: 2 };
    case 'residual':
      return { ...spec, base: { ...ridge, lambda: 4 } };
    case 'logistic-trees':
      return { ...spec, logistic: { ...logistic, lambda: 4 } };
    default:
      return { ...spec, lambda: 4 };
  }
}

test('log odds beside each other are averaged', () => {
  const spec = { kind: 'logistic-trees', logistic, trees: { ...trees, loss: { name: 'logistic' } } } as const;
  const target = targetOf(spec);
  const logOdds = (of: ModelSpec) => score(train(of, matrix, target), matrix).map((p) => Math.log(p / (1 - p)));
  const [both, one, other] = [logOdds(spec), logOdds(spec.logistic), logOdds(spec.trees)];
  both.forEach((value, row) => {
    expect(value).toBeCloseTo(((one[row] ?? Number.NaN) + (other[row] ?? Number.NaN)) / 2, 9);
  });
});

test('columns are found by name', () => {
  const [, spec] = specs[0] as [string, ModelSpec];
  const artefact = train(spec, matrix, targetOf(spec));
  const turned = {
    columns: ['other', ...inputs.toReversed()],
    rows: matrix.rows,
    values: [new Float64Array(matrix.rows), ...matrix.values.toReversed()],
  };
  expect(score(artefact, turned)).toEqual(score(artefact, matrix));
  expect(() => score(artefact, { ...matrix, columns: inputs.map((name) => name.toUpperCase()) })).toThrow(
    'The model reads columns that the rows do not have: hour, weekday,',
  );
});

test('a changed artefact is refused', () => {
  const artefact = train({ kind: 'ridge', lambda: 1 }, matrix, targetOf(ridge));
  const text = artefactText(artefact);
  expect(() => readArtefact(text.replace('"lambda":1', '"lambda":2'))).toThrow('its checksum differs');
  expect(() => readArtefact(text.replace('"format":1', '"format":2'))).toThrow(
    'a format that this version does not read',
  );
});

test('a calibration changes probabilities, their explanation and the checksum', () => {
  const spec = { kind: 'logistic', lambda: 3 } as const;
  const artefact = train(spec, matrix, targetOf(spec));
  const corrected = calibrated(artefact, { slope: 0.5, offset: 0.2 });
  expect(corrected.checksum).not.toBe(artefact.checksum);
  const [before = 0, after = 0] = [score(artefact, matrix)[4], score(corrected, matrix)[4]];
  expect(Math.log(after / (1 - after))).toBeCloseTo(0.5 * Math.log(before / (1 - before)) + 0.2, 9);
  expect(explain(corrected, matrix, 4).prediction).toBeCloseTo(after, 12);
  expect(calibrated(calibrated(artefact, { slope: 1, offset: 0 }), { slope: 0.5, offset: 0.2 })).toEqual(corrected);
});
