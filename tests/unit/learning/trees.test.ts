import { expect, test } from 'vitest';
import { type Matrix, matrixOf } from '../../../learning/data/matrix.ts';
import { randomOf } from '../../../learning/data/random.ts';
import { score } from '../../../learning/model/score.ts';
import { train } from '../../../learning/model/train.ts';
import { binned } from '../../../learning/trees/bins.ts';
import type { FittedTrees, TreesSpec } from '../../../learning/trees/spec.ts';

const base: TreesSpec = { kind: 'trees', loss: { name: 'l2' }, rounds: 1, rate: 1, leaves: 2, minRows: 1, lambda: 0 };

function treesOf(spec: TreesSpec, matrix: Matrix, target: Float64Array, weights?: Float64Array): FittedTrees {
  const { model } = train(spec, matrix, target, weights);
  if (model.kind !== 'trees') throw new Error('no trees');
  return model;
}

const steps = Array.from({ length: 20 }, (_, x) => ({ x, noise: (x * 7) % 5 }));
const matrix = matrixOf(['noise', 'x'], steps);
const target = Float64Array.from(steps, ({ x }) => (x < 12 ? 10 : 30));

test('one split of squared error is where a person would make it', () => {
  const model = treesOf(base, matrix, target);
  // The mean is 18; the step lies between 11 and 12.
  expect(model.base).toBeCloseTo(18, 12);
  expect(model.trees).toEqual([
    { column: [1], threshold: [11.5], missingLeft: [1], left: [-1], right: [-2], value: [-8, 12], cover: [12, 8] },
  ]);
});

test('a penalty and a rate make the leaves smaller', () => {
  const [tree] = treesOf({ ...base, lambda: 8, rate: 0.5 }, matrix, target).trees;
  expect(tree?.value).toEqual([(0.5 * -96) / 20, (0.5 * 96) / 16]);
});

test('a leaf has as many rows as it has to', () => {
  const spec = { ...base, leaves: 20, rounds: 3, minRows: 4 };
  const wavy = Float64Array.from(steps, ({ x }) => (x * x) % 17);
  for (const { cover } of treesOf(spec, matrix, wavy).trees) expect(Math.min(...cover)).toBeGreaterThanOrEqual(4);
  expect(treesOf({ ...spec, minRows: 11 }, matrix, wavy).trees).toEqual([]);
});

test('there are no more leaves than asked for, and with enough of them every row is right', () => {
  const wavy = Float64Array.from(steps, ({ x }) => (x * 37) % 17);
  for (const leaves of [2, 3, 7])
    expect(treesOf({ ...base, leaves }, matrix, wavy).trees[0]?.cover.length).toBe(leaves);
  const exact = score(train({ ...base, leaves: 20 }, matrix, wavy), matrix);
  exact.forEach((value, row) => {
    expect(value).toBeCloseTo(wavy[row] ?? 0, 9);
  });
});

test('missing values go to the side where they belong', () => {
  const holes = matrixOf(
    ['x'],
    steps.map(({ x }) => ({ x: x % 4 === 0 ? null : x })),
  );
  for (const missing of [10, 30]) {
    const measured = target.map((value, row) => (row % 4 === 0 ? missing : value));
    const scores = score(train(base, holes, measured), holes);
    scores.forEach((value, row) => {
      expect(value).toBeCloseTo(measured[row] ?? 0, 9);
    });
  }
});

test('that a value is missing can be all there is to learn', () => {
  const holes = matrixOf(
    ['x', 'same'],
    steps.map(({ x }) => ({ x, same: x < 12 ? null : 1 })),
  );
  const only = { columns: ['same'], rows: 20, values: [holes.values[1] ?? new Float64Array(20)] };
  expect([...score(train(base, only, target), only)]).toEqual([...target]);
  // A column without missing values in training has them later: they go where most rows went.
  const model = train(base, matrix, target);
  expect(score(model, matrixOf(['noise', 'x'], [{ noise: 1, x: null }]))[0]).toBeCloseTo(10, 9);
});

test('a weight counts as often as it says', () => {
  const weights = Float64Array.from(steps, ({ x }) => 1 + (x % 3));
  const repeated = steps.flatMap((step) => new Array(1 + (step.x % 3)).fill(step));
  const values = (rows: typeof steps) => Float64Array.from(rows, ({ x }) => (x * x) % 17);
  const spec = { ...base, rounds: 5, leaves: 6, rate: 0.3, lambda: 2 };
  const weighted = score(train(spec, matrix, values(steps), weights), matrix);
  const duplicated = score(train(spec, matrixOf(['noise', 'x'], repeated), values(repeated)), matrix);
  weighted.forEach((value, row) => {
    expect(value).toBeCloseTo(duplicated[row] ?? 0, 9);
  });
});

test('absolute error gives medians, pinball loss quantiles', () => {
  const skewed = Float64Array.from(steps, ({ x }) => (x < 12 ? [0, 1, 20][x % 3] : [5, 6, 90][x % 3]) ?? 0);
  const median = score(train({ ...base, loss: { name: 'l1' }, rounds: 2 }, matrix, skewed), matrix);
  expect(median[0]).toBe(1);
  expect(median[19]).toBe(6);
  const high = score(
    train({ ...base, loss: { name: 'quantile', level: 0.9 }, minRows: 8, rounds: 2 }, matrix, skewed),
    matrix,
  );
  expect(high[0]).toBe(20);
});

test('a sample of rows and columns: the rows that were left out are predicted, too', () => {
  const random = randomOf(3);
  const rows = Array.from({ length: 3000 }, () => ({ a: random.next(), b: random.next(), c: random.next() }));
  const many = matrixOf(['a', 'b', 'c'], rows);
  const sum = Float64Array.from(rows, ({ a, b }) => Math.round(10 * a) + Math.round(5 * b));
  const spec = { ...base, rounds: 150, rate: 0.1, leaves: 15, minRows: 10, columnShare: 0.67, rowShare: 0.5 };
  const artefact = train(spec, many, sum);
  const errors = score(artefact, many).map((value, row) => (value - (sum[row] ?? 0)) ** 2);
  // The variance of the target is about 13.
  expect(errors.reduce((total, error) => total + error, 0) / 3000).toBeLessThan(0.5);
  expect(artefact.gains.map(({ column }) => column).slice(0, 2)).toEqual(['a', 'b']);
  expect(artefact.gains.reduce((total, { gain }) => total + gain, 0)).toBeCloseTo(1, 12);
});

test('rows that were left out and miss a value go to the same side as the others', () => {
  const random = randomOf(3);
  const rows = Array.from({ length: 2000 }, () => (random.next() < 0.5 ? null : Math.round(10 * random.next())));
  const holes = matrixOf(
    ['x'],
    rows.map((x) => ({ x })),
  );
  // What misses a value belongs to the right, where nothing is below.
  const sides = Float64Array.from(rows, (x) => (x === null || x > 5 ? 1 : 0));
  const spec = { ...base, rounds: 40, rate: 0.5, minRows: 10, rowShare: 0.5 };
  const errors = score(train(spec, holes, sides), holes).map((value, row) => Math.abs(value - (sides[row] ?? 0)));
  expect(Math.max(...errors)).toBeLessThan(1e-6);
});

test('what ridge leaves is learnt in units of the scale', () => {
  const rooms = [
    { room: 0, scale: 10 },
    { room: 1, scale: 1000 },
    { room: 2, scale: Number.NaN },
  ] as const;
  const rows = Array.from({ length: 600 }, (_, at) => ({ ...(rooms[at % 3] ?? rooms[0]), x: Math.floor(at / 3) % 20 }));
  const scaled = matrixOf(['room', 'scale', 'x'], rows);
  // In each room a step of the size of the room; where that is missing, it is 2.
  const sizes = rows.map(({ scale }) => (Number.isNaN(scale) ? 2 : scale));
  const target = Float64Array.from(rows, ({ x }, row) => (x < 10 ? 1 : -1) * (sizes[row] ?? 0));
  // A penalty so large that the line is the mean.
  const base = { kind: 'ridge', lambda: 1e15, by: 'room' } as const;
  const trees = { kind: 'trees', loss: { name: 'l2' }, rounds: 1, rate: 1, leaves: 2, lambda: 0 } as const;
  const artefact = train({ kind: 'residual', base, trees, scale: { column: 'scale', atLeast: 2 } }, scaled, target);
  score(artefact, scaled).forEach((value, row) => {
    expect(value / (sizes[row] ?? 1)).toBeCloseTo((target[row] ?? 0) / (sizes[row] ?? 1), 6);
  });
});

test('bins: one for each of few values, else about as many rows in each, the frequent value apart', () => {
  const few = binned(Float64Array.of(3, Number.NaN, 1, 3, 2, -0, 0), 64);
  expect([...few.edges]).toEqual([0.5, 1.5, 2.5]);
  expect([...few.bins]).toEqual([4, 0, 2, 4, 3, 1, 1]);
  const spread = binned(
    Float64Array.from({ length: 1000 }, (_, at) => (at < 500 ? 0 : at)),
    12,
  );
  expect(spread.edges.length).toBe(10);
  const counts = new Array<number>(12).fill(0);
  for (const bin of spread.bins) counts[bin] = (counts[bin] ?? 0) + 1;
  expect(counts.slice(0, 2)).toEqual([0, 500]);
  for (const count of counts.slice(2)) expect(Math.abs(count - 50)).toBeLessThanOrEqual(1);
});

test('an edge between neighbouring numbers still tells them apart', () => {
  const next = 1 + Number.EPSILON;
  const close = matrixOf(['x'], [{ x: 1 }, { x: next }]);
  expect([...score(train(base, close, Float64Array.of(0, 8)), close)]).toEqual([0, 8]);
});

test.each([1e-9, 1, 1e9])('the unit of the target makes no difference: %d', (unit) => {
  const spec = { ...base, rounds: 8, leaves: 5, rate: 0.3 };
  const wavy = Float64Array.from(steps, ({ x }) => ((x * x) % 17) + 3);
  const plain = score(train(spec, matrix, wavy), matrix);
  const scaled = score(
    train(
      spec,
      matrix,
      wavy.map((value) => value * unit),
    ),
    matrix,
  );
  expect(new Set(plain).size).toBeGreaterThan(10);
  scaled.forEach((value, row) => {
    expect(value / unit).toBeCloseTo(plain[row] ?? 0, 9);
  });
  // The mean of equal values may differ from them in its last digit, of which no tree is made.
  const equal = train(spec, matrix, new Float64Array(20).fill(0.1 * unit));
  expect(equal.model).toMatchObject({ trees: [] });
});
