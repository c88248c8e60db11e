import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { matrixOf } from '../../../learning/data/matrix.ts';
import { solve } from '../../../learning/linear/cholesky.ts';
import type { FittedTerms } from '../../../learning/linear/spec.ts';
import { explain } from '../../../learning/model/explain.ts';
import { score } from '../../../learning/model/score.ts';
import type { ModelSpec } from '../../../learning/model/spec.ts';
import { train } from '../../../learning/model/train.ts';
import { fixtures, inputs, readSample } from './sample.ts';

interface Reference {
  readonly intercept: number;
  readonly coefficients: Readonly<Record<string, number>>;
}

const sample = readSample();
const matrix = sample.matrix(inputs);
const weights = sample.column('hour').map((hour) => 1 + (hour % 3));
const references: Record<string, Reference> = JSON.parse(readFileSync(join(fixtures, 'linear.json'), 'utf8'));
const categories = ['hour', 'room'];

function termsOf(spec: ModelSpec, isWeighted = false): FittedTerms {
  const target = sample.column(spec.kind === 'logistic' ? 'occupied' : 'next_power');
  const { model } = train(spec, matrix, target, isWeighted ? weights : undefined);
  if (model.kind !== 'ridge' && model.kind !== 'logistic') throw new Error('not a linear model');
  return model.all;
}

/** The coefficients by the names that the reference gives the inputs. */
function coefficientsOf({ terms }: FittedTerms): Record<string, number> {
  return Object.fromEntries(
    terms.map(({ column, level, coefficient }) => [level === undefined ? column : `${column}=${level}`, coefficient]),
  );
}

const cases: readonly [string, ModelSpec][] = [
  ['ridge', { kind: 'ridge', lambda: 30 }],
  ['ridge with categories', { kind: 'ridge', lambda: 30, categories }],
  ['ridge with weights', { kind: 'ridge', lambda: 5 }],
  ['least squares', { kind: 'ridge', lambda: 0 }],
  ['logistic', { kind: 'logistic', lambda: 3 }],
  ['logistic with categories', { kind: 'logistic', lambda: 3, categories }],
  ['logistic with weights', { kind: 'logistic', lambda: 3 }],
  ['logistic without penalty', { kind: 'logistic', lambda: 0 }],
];

describe('the coefficients of scikit-learn', () => {
  test.each(cases)('%s', (name, spec) => {
    const expected = references[name];
    const fit = termsOf(spec, name.endsWith('with weights'));
    const coefficients = coefficientsOf(fit);
    expect(Object.keys(coefficients)).toEqual(Object.keys(expected?.coefficients ?? {}));
    expect(Math.abs(fit.intercept - (expected?.intercept ?? Number.NaN))).toBeLessThan(1e-6);
    for (const [input, value] of Object.entries(expected?.coefficients ?? {}))
      expect(Math.abs((coefficients[input] ?? Number.NaN) - value), input).toBeLessThan(1e-6);
  });
});

test('an exact line is found, and explained by its terms', () => {
  const rows = Array.from({ length: 50 }, (_, at) => ({ a: at, b: (at * 7) % 11, constant: 3 }));
  const line = matrixOf(['a', 'b', 'constant'], rows);
  const target = Float64Array.from(rows, ({ a, b }) => 5 + 2 * a - 3 * b);
  const artefact = train({ kind: 'ridge', lambda: 0 }, line, target);
  score(artefact, line).forEach((value, row) => {
    expect(value).toBeCloseTo(target[row] ?? 0, 8);
  });
  // Row 0 has a = 0 where the mean is 24.5, and b = 0.
  const mean = rows.reduce((sum, { b }) => sum + b, 0) / rows.length;
  const { contributions, prediction } = explain(artefact, line, 0);
  expect(prediction).toBeCloseTo(5, 8);
  expect(contributions.map(({ column }) => column)).toEqual(['a', 'b']);
  expect(contributions[0]?.contribution).toBeCloseTo(2 * -24.5, 8);
  expect(contributions[1]?.contribution).toBeCloseTo(3 * mean, 8);
});

test('a value far beyond all that was learnt from counts as one half the range beyond it', () => {
  const line = matrixOf(
    ['x'],
    Array.from({ length: 11 }, (_, x) => ({ x })),
  );
  const artefact = train(
    { kind: 'ridge', lambda: 0 },
    line,
    Float64Array.from(line.values[0] ?? [], (x) => 2 * x),
  );
  const far = matrixOf(
    ['x'],
    [12, 15, 100, -100].map((x) => ({ x })),
  );
  const expected = [24, 30, 30, -10];
  score(artefact, far).forEach((value, row) => {
    expect(value).toBeCloseTo(expected[row] ?? 0, 9);
    expect(explain(artefact, far, row).prediction).toBeCloseTo(expected[row] ?? 0, 9);
  });
});

test('a missing value counts as the mean, an unknown level as none', () => {
  const known = matrixOf(
    ['x', 'room'],
    Array.from({ length: 40 }, (_, at) => ({ x: at % 10, room: at % 2 })),
  );
  const target = Float64Array.from({ length: 40 }, (_, at) => (at % 10) + 100 * (at % 2));
  const artefact = train({ kind: 'ridge', lambda: 0, categories: ['room'] }, known, target);
  const asked = matrixOf(
    ['x', 'room'],
    [
      { x: null, room: 1 },
      { x: 4.5, room: 1 },
      { x: 4.5, room: 0 },
      { x: 4.5, room: 7 },
    ],
  );
  const [missing = 0, one = 0, zero = 0, unknown = 0] = score(artefact, asked);
  expect(missing).toBeCloseTo(one, 9);
  // Rooms 0 and 1 have x of the same parity as they are, so least squares tells them apart by 100.
  expect(one - zero).toBeCloseTo(100, 9);
  expect(unknown).toBeCloseTo(zero, 9);
});

test('each room has a line of its own, a room with few rows that of all', () => {
  const rows = Array.from({ length: 130 }, (_, at) => ({ x: at % 13, room: at < 120 ? at % 2 : 2 }));
  const rooms = matrixOf(['x', 'room'], rows);
  const target = Float64Array.from(rows, ({ x, room }) => (room === 0 ? x : 10 - x));
  const spec = { kind: 'ridge', lambda: 0, by: 'room' } as const;
  const artefact = train(spec, rooms, target);
  const asked = [0, 1, 2, 9].map((room) => ({ x: 6, room }));
  const [first, second, few, unknown] = score(artefact, matrixOf(['x', 'room'], asked));
  expect(first).toBeCloseTo(6, 9);
  expect(second).toBeCloseTo(4, 9);
  expect(few).toBe(unknown);
  const wide = train({ ...spec, minRows: 10 }, rooms, target);
  expect(score(wide, matrixOf(['x', 'room'], asked))[2]).toBeCloseTo(4, 9);
  // The room chose the line; it is no term of it.
  expect(explain(artefact, matrixOf(['x', 'room'], asked), 0).contributions.map(({ column }) => column)).not.toContain(
    'room',
  );
});

test('of inputs that are sums of others the first ones have the coefficients', () => {
  const rows = Array.from({ length: 60 }, (_, at) => ({ a: at % 7, b: (at * 3) % 11 }));
  const twice = matrixOf(
    ['a', 'b', 'sum'],
    rows.map(({ a, b }) => ({ a, b, sum: a + b })),
  );
  const target = Float64Array.from(rows, ({ a, b }) => 2 * a + b);
  const artefact = train({ kind: 'ridge', lambda: 0 }, twice, target);
  score(artefact, twice).forEach((value, row) => {
    expect(value).toBeCloseTo(target[row] ?? 0, 8);
  });
  if (artefact.model.kind !== 'ridge') throw new Error('not ridge');
  expect(coefficientsOf(artefact.model.all).sum).toBe(0);
});

test('separable classes end in large coefficients, not in NaN', () => {
  const rows = Array.from({ length: 40 }, (_, at) => ({ x: at }));
  const separable = matrixOf(['x'], rows);
  const target = Float64Array.from(rows, ({ x }) => Number(x >= 20));
  const scores = score(train({ kind: 'logistic', lambda: 0 }, separable, target), separable);
  expect(scores.every((value, row) => Math.abs(value - (target[row] ?? 0)) < 1e-3)).toBe(true);
});

test('equations are solved', () => {
  // L = [[2, 0], [1, 3]], so A = [[4, 2], [2, 10]]; A (1, 2) = (8, 22).
  expect([...solve(Float64Array.of(4, 0, 2, 10), Float64Array.of(8, 22))]).toEqual([1, 2]);
});
