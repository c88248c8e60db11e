import { describe, expect, it } from 'vitest';
import { probabilityOf } from '../../../learning/data/numbers.ts';
import { randomOf } from '../../../learning/data/random.ts';
import { calibrationOn } from '../../../predictions/calibration.ts';
import { dayMs, type Examples, quarterMs } from '../../../predictions/examples.ts';

const days = 14;

/** Two weeks of quarters in which what is said is as much too sure as its day says: 1 is right. */
function saidAndSeen(tooSure: (day: number) => number): [Float64Array, Examples] {
  const random = randomOf(7);
  const origins = Float64Array.from({ length: days * 96 }, (_, row) => row * quarterMs);
  const odds = origins.map(() => 4 * random.next() - 2);
  const examples: Examples = {
    matrix: { columns: [], rows: origins.length, values: [] },
    origins,
    targets: origins,
    days: origins,
    labels: odds.map((each) => Number(random.next() < probabilityOf(each))),
    apartments: [],
    rooms: [],
  };
  const said = odds.map((each, row) => probabilityOf(each * tooSure(Math.floor((origins[row] ?? 0) / dayMs))));
  return [said, examples];
}

describe('probabilities of two weeks', () => {
  it('that were too sure all the time are corrected', () => {
    const calibration = calibrationOn(...saidAndSeen(() => 3));
    expect(calibration?.slope).toBeGreaterThan(0.25);
    expect(calibration?.slope).toBeLessThan(0.42);
  });

  it('that were right, or off in one of the weeks alone, stay as they are', () => {
    expect(calibrationOn(...saidAndSeen(() => 1))).toBeUndefined();
    expect(calibrationOn(...saidAndSeen((day) => (day < 7 ? 3 : 1)))).toBeUndefined();
    expect(calibrationOn(...saidAndSeen((day) => (day < 7 ? 1 : 3)))).toBeUndefined();
  });
});
