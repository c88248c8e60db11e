import { describe, expect, test } from 'vitest';
import { type Matrix, matrixOf } from '../../../learning/data/matrix.ts';
import { explain } from '../../../learning/model/explain.ts';
import { score } from '../../../learning/model/score.ts';
import type { ModelSpec } from '../../../learning/model/spec.ts';
import { train } from '../../../learning/model/train.ts';
import type { Loss } from '../../../learning/trees/spec.ts';

const trees = (loss: Loss, more: Partial<ModelSpec> = {}) =>
  ({ kind: 'trees', loss, rounds: 20, rate: 0.3, leaves: 4, minRows: 5, lambda: 0, ...more }) as ModelSpec;
const residual: ModelSpec = {
  kind: 'residual',
  base: { kind: 'ridge', lambda: 1 },
  trees: { kind: 'trees', loss: { name: 'l2' }, rounds: 5, rate: 0.3, leaves: 4 },
};
const regressions: readonly [string, ModelSpec][] = [
  ['ridge', { kind: 'ridge', lambda: 1 }],
  ['l2', trees({ name: 'l2' })],
  ['l1', trees({ name: 'l1' })],
  ['quantile', trees({ name: 'quantile', level: 0.3 })],
  ['residual', residual],
];
const classifications: readonly [string, ModelSpec][] = [
  ['logistic', { kind: 'logistic', lambda: 1 }],
  ['trees', trees({ name: 'logistic' })],
];

const rows = Array.from({ length: 60 }, (_, at) => ({ a: at % 10, b: (at * 7) % 13 }));
const matrix = matrixOf(['a', 'b'], rows);
const constant = matrixOf(
  ['a', 'b'],
  Array.from({ length: 60 }, () => ({ a: 4, b: null })),
);

describe.each(regressions)('%s', (_, spec) => {
  test('a constant target is predicted as it is', () => {
    const scores = score(train(spec, matrix, new Float64Array(60).fill(7.25)), matrix);
    scores.forEach((value) => {
      expect(value).toBeCloseTo(7.25, 9);
    });
  });

  test('constant inputs predict one value', () => {
    const target = Float64Array.from(rows, ({ a }) => a);
    const artefact = train(spec, constant, target);
    const scores = score(artefact, matrix);
    expect(new Set(scores).size).toBe(1);
    expect(scores[0]).toBeGreaterThanOrEqual(0);
    expect(scores[0]).toBeLessThanOrEqual(9);
    expect(artefact.gains).toEqual([]);
    expect(explain(artefact, matrix).contributions).toEqual([]);
  });

  test('no columns, no rows to score, one row to learn from', () => {
    const target = Float64Array.from(rows, ({ a }) => a);
    const none: Matrix = { columns: [], rows: 60, values: [] };
    expect(new Set(score(train(spec, none, target), none)).size).toBe(1);
    expect(score(train(spec, matrix, target), matrixOf(['a', 'b'], []))).toEqual(new Float64Array(0));
    const one = train(spec, matrixOf(['a', 'b'], [{ a: 1, b: 2 }]), Float64Array.of(3));
    expect(score(one, matrix)[17]).toBeCloseTo(3, 12);
  });
});

describe.each(classifications)('%s', (_, spec) => {
  test('one class is predicted as likely, never as certain', () => {
    const never = score(train(spec, matrix, new Float64Array(60)), matrix);
    const always = score(train(spec, matrix, new Float64Array(60).fill(1)), matrix);
    // (k + 1/2) / (n + 1)
    if (spec.kind === 'logistic') expect(never[0]).toBeCloseTo(0.5 / 61, 12);
    never.forEach((value, row) => {
      expect(value).toBeGreaterThan(0);
      expect(value).toBeLessThan(0.02);
      expect(value + (always[row] ?? 0)).toBeCloseTo(1, 12);
    });
  });

  test('constant inputs predict the share of ones', () => {
    const target = Float64Array.from(rows, (_row, at) => Number(at % 4 === 0));
    expect(score(train(spec, constant, target), constant)[0]).toBeCloseTo(15.5 / 61, 2);
  });
});

describe.each([...regressions, ...classifications])('%s refuses', (_, spec) => {
  const target = Float64Array.from(rows, (_row, at) => at % 2);

  test('no rows', () => {
    expect(() => train(spec, matrixOf(['a', 'b'], []), new Float64Array(0))).toThrow(
      'There are no rows to learn from.',
    );
  });

  test('a target that is missing, and an input that is infinite', () => {
    const keys = [Float64Array.from(rows, (_row, at) => at >> 2), Float64Array.from(rows, (_row, at) => at & 3)];
    expect(() => train(spec, { ...matrix, keys }, target.with(3, Number.NaN))).toThrow('The target of row 0/3 is NaN');
    const infinite = {
      ...matrix,
      keys,
      values: matrix.values.map((column) => column.with(5, Number.NEGATIVE_INFINITY)),
    };
    expect(() => train(spec, infinite, target)).toThrow('The column a is infinite in row 1/1.');
  });

  test('weights that are none, too few targets, a key of two rows', () => {
    expect(() => train(spec, matrix, target, target.with(0, -1))).toThrow('The weight of row 1 is -1');
    expect(() => train(spec, matrix, target, new Float64Array(60))).toThrow('All rows have the weight 0.');
    expect(() => train(spec, matrix, target.slice(1))).toThrow('There are 59 targets for 60 rows.');
    const keys = [Float64Array.from(rows, () => 7)];
    expect(() => train(spec, { ...matrix, keys }, target)).toThrow('Two rows have the key 7.');
  });
});

test.each([
  [trees({ name: 'l2' }, { rate: 0 } as never), 'rate is 0, and has to be above 0, at most 1.'],
  [trees({ name: 'l2' }, { bins: 300 } as never), 'bins is 300, and has to be a whole number from 3 to 256.'],
  [trees({ name: 'quantile', level: 1 }), 'loss.level is 1, and has to be between 0 and 1.'],
  [{ kind: 'ridge', lambda: -1 }, 'lambda is -1, and has to be 0 or more.'],
  [{ kind: 'ridge', lambda: 1, by: 'room' }, 'by names the column room, which the examples do not have.'],
  [{ ...residual, scale: { column: 'a', atLeast: 0 } }, 'scale.atLeast is 0, and has to be above 0.'],
] as [ModelSpec, string][])('a specification is checked: %#', (spec, message) => {
  expect(() => train(spec, matrix, new Float64Array(60))).toThrow(message);
});

test('a target of classes is 0 or 1', () => {
  expect(() => train({ kind: 'logistic', lambda: 1 }, matrix, new Float64Array(60).fill(0.5))).toThrow(
    'The target of row 1 is 0.5, and has to be 0 or 1.',
  );
});
