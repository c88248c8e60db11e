import { describe, expect, test } from 'vitest';
import { matrixOf } from '../../../learning/data/matrix.ts';
import { probabilityOf } from '../../../learning/data/numbers.ts';
import { type Random, randomOf } from '../../../learning/data/random.ts';
import { summaryOf } from '../../../learning/data/summary.ts';
import { calibrationThatHelps, plattCalibration } from '../../../learning/measure/calibration.ts';
import { adapted, intervalOf } from '../../../learning/measure/conformal.ts';
import { driftOf, stabilityIndex } from '../../../learning/measure/drift.ts';
import { permutationImportance } from '../../../learning/measure/importance.ts';
import { train } from '../../../learning/model/train.ts';

/** About normal, variance 1. */
const noise = (random: Random) => Array.from({ length: 12 }, () => random.next()).reduce((sum, x) => sum + x, -6);

describe('intervals', () => {
  test('ends are the outer ranks, on both sides alike', () => {
    const errors = Float64Array.from({ length: 199 }, (_, at) => (at * 7) % 199);
    // 20 of 200 ranks below, 20 above: the 20th and the 180th of 0 to 198.
    expect(intervalOf(errors, 0.2)).toEqual({ lower: 19, upper: 179 });
    expect(intervalOf(errors, 1e-6)).toEqual({ lower: 0, upper: 198 });
    expect(intervalOf(errors.slice(0, 99), 0.2)).toBeUndefined();
  });

  test('new errors of the same kind fall within as often as asked', () => {
    const random = randomOf(11);
    let [within, all] = [0, 0];
    for (let round = 0; round < 60; round += 1) {
      const interval = intervalOf(
        Float64Array.from({ length: 120 }, () => noise(random)),
        0.2,
      );
      for (let at = 0; at < 100; at += 1, all += 1) {
        const error = noise(random);
        within += Number(interval !== undefined && error >= interval.lower && error <= interval.upper);
      }
    }
    expect(within / all).toBeGreaterThan(0.79);
    expect(within / all).toBeLessThan(0.83);
  });

  test('the level follows: errors that grow are covered again', () => {
    const random = randomOf(12);
    const past: number[] = [];
    let missShare = 0.2;
    const missed: number[] = [];
    const levels: number[] = [];
    for (let day = 0; day < 400; day += 1) {
      const interval = intervalOf(Float64Array.from(past.slice(-1344)), missShare);
      const today = Array.from({ length: 48 }, () => noise(random) * (1 + day / 50));
      if (interval !== undefined) {
        const share = today.filter((error) => error < interval.lower || error > interval.upper).length / 48;
        missed.push(share);
        missShare = adapted(missShare, share, 0.2);
        levels.push(missShare);
      }
      past.push(...today);
    }
    const late = (shares: readonly number[]) => shares.slice(-200).reduce((sum, share) => sum + share, 0) / 200;
    expect(late(missed)).toBeCloseTo(0.2, 1);
    expect(late(levels)).toBeLessThan(0.2);
    expect(adapted(0.2, 0.5, 0.2)).toBeCloseTo(0.17, 12);
    expect(adapted(0.006, 1, 0.2)).toBe(0.005);
  });
});

describe('calibration', () => {
  const outcomesOf = (random: Random, rows: number, slope: number, offset: number) => {
    const odds = Float64Array.from({ length: rows }, () => noise(random));
    const outcomes = odds.map((x) => Number(random.next() < probabilityOf(slope * x + offset)));
    return { probabilities: odds.map(probabilityOf), outcomes };
  };

  test('what probabilities are off by is found', () => {
    const calibration = plattCalibration(outcomesOf(randomOf(4), 20_000, 0.5, -0.7));
    expect(calibration?.slope).toBeCloseTo(0.5, 1);
    expect(calibration?.offset).toBeCloseTo(-0.7, 1);
  });

  test('it is taken if each part helps the other, else not', () => {
    const random = randomOf(5);
    const off = outcomesOf(random, 20_000, 0.4, -0.5);
    const again = outcomesOf(random, 20_000, 0.4, -0.5);
    const calibration = calibrationThatHelps(off, again);
    expect(calibration?.slope).toBeCloseTo(0.4, 1);
    expect(calibration?.offset).toBeCloseTo(-0.5, 1);
    expect(calibrationThatHelps(again, off)?.slope).toBeCloseTo(calibration?.slope ?? 0, 6);
    const right = outcomesOf(random, 20_000, 1, 0);
    expect(calibrationThatHelps(off, right)).toBeUndefined();
    expect(calibrationThatHelps(right, off)).toBeUndefined();
  });

  test('one class, or one probability, teaches nothing', () => {
    const probabilities = Float64Array.of(0.2, 0.7, 0.4);
    expect(plattCalibration({ probabilities, outcomes: new Float64Array(3) })).toBeUndefined();
    const same = new Float64Array(3).fill(0.5);
    expect(plattCalibration({ probabilities: same, outcomes: Float64Array.of(0, 1, 1) })).toBeUndefined();
  });
});

describe('inputs', () => {
  const random = randomOf(9);
  const rowsOf = (shift: number, holes: number) =>
    matrixOf(
      ['steady', 'moving', 'useless'],
      Array.from({ length: 2000 }, () => ({
        steady: noise(random),
        moving: random.next() < holes ? null : noise(random) + shift,
        useless: noise(random),
      })),
    );
  const then = rowsOf(0, 0);
  const target = (then.values[0] ?? new Float64Array(0)).map(
    (steady, row) => 3 * steady + (then.values[1]?.[row] ?? 0),
  );
  const artefact = train({ kind: 'ridge', lambda: 1 }, then, target);

  test('drift: nothing, a shift, missing values', () => {
    expect(driftOf(artefact, rowsOf(0, 0)).every(({ psi }) => psi < 0.05)).toBe(true);
    const [first, second] = driftOf(artefact, rowsOf(1, 0));
    expect(first?.column).toBe('moving');
    expect(first?.psi).toBeGreaterThan(0.25);
    expect(second?.psi).toBeLessThan(0.05);
    expect(driftOf(artefact, rowsOf(0, 0.4))[0]?.psi).toBeGreaterThan(0.25);
    // What is known more often than before has not moved.
    const holed = train({ kind: 'ridge', lambda: 1 }, rowsOf(0, 0.4), target);
    expect(driftOf(holed, rowsOf(0, 0)).every(({ psi }) => psi < 0.05)).toBe(true);
    expect(driftOf(holed, rowsOf(1, 0))[0]?.psi).toBeGreaterThan(0.25);
    expect(driftOf(artefact, matrixOf(then.columns, [])).map(({ psi }) => psi)).toEqual([0, 0, 0]);
    // Half a row is added to each count.
    const [few, many] = [5.5 / 16, 10.5 / 16];
    expect(stabilityIndex([5, 10], [10, 5])).toBeCloseTo(2 * (many - few) * Math.log(many / few), 12);
  });

  test('a summary has tenths of the rows, and the missing ones', () => {
    const values = Float64Array.from({ length: 110 }, (_, at) => (at < 100 ? (at * 37) % 100 : Number.NaN));
    const { edges, counts } = summaryOf('x', values);
    expect(edges).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90]);
    expect(counts).toEqual([11, 10, 10, 10, 10, 10, 10, 10, 10, 9, 10]);
    expect(summaryOf('x', Float64Array.of(3, 3, 3))).toEqual({ column: 'x', edges: [3], counts: [3, 0, 0] });
    expect(summaryOf('x', Float64Array.of(Number.NaN))).toEqual({ column: 'x', edges: [], counts: [0, 1] });
  });

  test('importance: what a shuffled column costs', () => {
    const [first, second, third] = permutationImportance(artefact, then, target);
    expect([first?.column, second?.column, third?.column]).toEqual(['steady', 'moving', 'useless']);
    // Shuffling doubles the variance of what the column contributes: 2 * 9, and 2 * 1.
    expect(first?.increase).toBeGreaterThan(15);
    expect(first?.increase).toBeLessThan(21);
    expect(second?.increase).toBeCloseTo(2, 0);
    expect(Math.abs(third?.increase ?? 1)).toBeLessThan(0.1);
    expect(permutationImportance(artefact, then, target, 7)).toEqual(permutationImportance(artefact, then, target, 7));
  });
});
