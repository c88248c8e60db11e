import { expect, test } from 'vitest';
import { type Examples, quarterMs } from '../../../predictions/examples.ts';
import { burstsOf, correctedByLastDay, lookBackOf } from '../../../predictions/recent.ts';

const first = Date.parse('2023-10-10T00:00:00Z');
/** An hour ahead: the window that begins four quarters after that of the origin. */
const ahead = 4;

/** Forecasts from each of so many origins, of rooms beside each other by what was measured. */
function hourly(origins: number, rooms: readonly ((origin: number) => number)[]): Examples {
  const rows = Array.from({ length: origins }, (_, origin) => origin).flatMap((origin) =>
    rooms.map((measured, code) => ({ origin, code, measured })),
  );
  const column = (value: (row: (typeof rows)[number]) => number) => Float64Array.from(rows, value);
  return {
    matrix: { columns: ['room'], rows: rows.length, values: [column(({ code }) => code)] },
    origins: column(({ origin }) => first + origin * quarterMs),
    targets: column(({ origin }) => first + (origin + ahead) * quarterMs),
    days: column(() => 0),
    labels: column(({ origin, measured }) => measured(origin)),
    apartments: rows.map(() => 'jimmy'),
    rooms: rows.map(({ code }) => `room ${code}`),
  };
}

const corrected = (examples: Examples, value: number, bursts: readonly number[]) =>
  correctedByLastDay(new Float64Array(examples.matrix.rows).fill(value), examples, bursts);

test('what was too small all day is raised, by as much as that day says beside thirty bursts', () => {
  const said = corrected(hourly(200, [() => 1000]), 800, [1200]);
  // The window of the first origin ends with the quarter of the fifth: until then nothing is known.
  expect([...said.slice(0, 4)]).toEqual([800, 800, 800, 800]);
  expect(said[4]).toBeCloseTo((800 * (1000 + 30 * 1200)) / (800 + 30 * 1200), 6);
  // Of what was forecast within the last day 93 windows have ended.
  expect(said[199]).toBeCloseTo((800 * (93 * 1000 + 30 * 1200)) / (93 * 800 + 30 * 1200), 6);
});

test('what ends after an origin, is not known or is longer ago than a day changes nothing', () => {
  const measured = (origin: number) => (origin === 40 ? Number.NaN : 300 + origin);
  const until = (end: number) =>
    corrected(hourly(150, [(origin) => (origin < end ? measured(origin) : 9000)]), 250, [400]);
  expect(until(60).slice(0, 64)).toEqual(until(150).slice(0, 64));
  expect(until(60)[64]).toBeGreaterThan(until(150)[64] ?? 0);
  expect(until(150).every((value) => value >= 250)).toBe(true);
  const longAgo = hourly(250, [(origin) => (origin < 100 ? 9000 : 250)]);
  expect(corrected(longAgo, 250, [400])[249]).toBe(250);
});

test('each room is corrected by its own day, at most to twice or half of what was forecast', () => {
  const rooms = [() => 1000, () => 0, () => 0, () => 1000];
  // Of a device that seldom runs, its rest says little; of a room that never drew anything nothing is known.
  const said = corrected(hourly(100, rooms), 100, [100, 100, 1500, 0]).slice(-4);
  expect([...said].map(Math.round)).toEqual([200, 50, 83, 100]);
});

test('energy is drawn at the power of bursts', () => {
  const examples = hourly(96, [(origin) => (origin % 8 === 0 ? 1600 : 0), () => 500, () => 0]);
  expect(burstsOf(examples, 4)).toEqual([1600, 500, 0, 0]);
});

test('power of the next quarter and hour is corrected, neither days ahead nor presence', () => {
  expect(lookBackOf('mean_power_w', 'hour')).toBe(96 * quarterMs);
  expect(lookBackOf('mean_power_w', 'quarter')).toBe(96 * quarterMs);
  expect(lookBackOf('mean_power_w', 'day')).toBe(0);
  expect(lookBackOf('occupied', 'hour')).toBe(0);
});
