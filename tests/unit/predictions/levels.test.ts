import { expect, test } from 'vitest';
import { drawnWhereEmpty, seldomWhereEmpty } from '../../../predictions/empty-homes.ts';
import { dayMs, type Examples, quarterMs } from '../../../predictions/examples.ts';
import { dayWeightsOf, drawnToLastDay } from '../../../predictions/levels.ts';

const first = Date.parse('2023-10-01T05:15:00Z');

/** A day ahead from each of so many origins, of two rooms without motion: what a room draws on a day is drawn in all of its quarters. */
function daysOf(draws: readonly ((day: number) => number)[], days: number): Examples {
  const rows = Array.from({ length: days }, (_, day) => day).flatMap((day) =>
    draws.flatMap((of, room) => Array.from({ length: 96 }, (_unused, at) => ({ day, room, ahead: at + 1, of }))),
  );
  const column = (value: (row: (typeof rows)[number]) => number) => Float64Array.from(rows, value);
  return {
    matrix: {
      columns: ['room', 'ahead', 'dn', 'a_since', 'm_24h'],
      rows: rows.length,
      values: [
        column(({ room }) => room),
        column(({ ahead }) => ahead),
        column(({ of, day }) => of(day - 1)),
        column(() => Number.NaN),
        column(() => Number.NaN),
      ],
    },
    origins: column(({ day }) => first + day * dayMs),
    targets: column(({ day, ahead }) => first + day * dayMs + ahead * quarterMs),
    days: column(() => 0),
    labels: column(({ of, day }) => of(day)),
    apartments: rows.map(() => 'jimmy'),
    rooms: rows.map(({ room }) => `room ${room}`),
  };
}

const colder = (day: number) => 500 + 100 * day;
const washing = (day: number) => (day % 2 === 0 ? 400 : 0);

test('a day is drawn to the last one as far as days are alike, and at most by half', () => {
  const examples = daysOf([colder, washing, () => 60], 20);
  const [ofColder = 0, ...others] = dayWeightsOf(examples, 3);
  expect(ofColder).toBe(0.5);
  // What comes every other day, and what never changes, say nothing of the next day.
  expect(others).toEqual([0, 0]);

  const forecasts = Float64Array.from({ length: examples.matrix.rows }, (_, row) => 800 + (row % 96));
  const drawn = drawnToLastDay(forecasts, examples, [0.5, 0, 0]);
  const meanOf = (values: Float64Array, from: number) =>
    values.slice(from, from + 96).reduce((sum, value) => sum + value / 96, 0);
  const eleventh = 10 * 3 * 96;
  expect(meanOf(drawn, eleventh)).toBeCloseTo((meanOf(forecasts, eleventh) + colder(9)) / 2, 6);
  expect(drawn.slice(eleventh + 96, eleventh + 288)).toEqual(forecasts.slice(eleventh + 96, eleventh + 288));
  // When in a day it is used is what was forecast.
  expect((drawn[eleventh] ?? 0) / (drawn[eleventh + 95] ?? 1)).toBeCloseTo(800 / 895, 9);
});

test('a last day of which little is known draws nothing to it', () => {
  const examples = daysOf([colder], 2);
  const drawn = (known: number) => {
    const { matrix } = examples;
    const lastDay =
      matrix.values[2]?.map((value, row) => (row % 96 < known ? value : Number.NaN)) ?? new Float64Array(0);
    const values = [...matrix.values.slice(0, 2), lastDay, ...matrix.values.slice(3)];
    return drawnToLastDay(
      new Float64Array(matrix.rows).fill(100),
      { ...examples, matrix: { ...matrix, values } },
      [0.5],
    );
  };
  expect(drawn(90)[100]).toBe(200);
  expect(drawn(80)[100]).toBe(100);
  expect(drawn(0)[100]).toBe(100);
});

test('an empty home goes on as its last day was, less so each day further, if it is known to be empty', () => {
  const one = daysOf([() => 90, () => 30], 1);
  const threeDays = Float64Array.from({ length: one.matrix.rows }, (_, row) => (row % 3) * 96 + 1);
  const drawn = (sinceMotion: number, motion: number) => {
    const { matrix } = one;
    const filled = (value: number) => new Float64Array(matrix.rows).fill(value);
    // A meter sees no motion; the room beside it does.
    const seen = filled(Number.NaN).map((_, row) => (one.rooms[row] === 'room 1' ? motion : Number.NaN));
    const values = [matrix.values[0], threeDays, matrix.values[2], filled(sinceMotion), seen].map(
      (column) => column ?? filled(0),
    );
    return drawnToLastDay(filled(900), { ...one, matrix: { ...matrix, values } }, [0.5, 0]);
  };
  const rounded = (values: Float64Array) => [...values.slice(0, 3), ...values.slice(96, 99)].map(Math.round);
  expect(rounded(drawn(96, 0))).toEqual([90, 252, 414, 30, 204, 378]);
  // At home, as far as anybody knows: within a day, or where no sensor would have said.
  expect(rounded(drawn(95, 12))).toEqual([495, 495, 495, 900, 900, 900]);
  expect(rounded(drawn(96, Number.NaN))).toEqual([495, 495, 495, 900, 900, 900]);
});

test('within an hour, too, an empty home mostly goes on as it was', () => {
  const one = daysOf([() => 90, () => 30], 1);
  const drawn = (sinceMotion: number, motion: number) => {
    const column = (value: (row: number) => number) =>
      Float64Array.from({ length: one.matrix.rows }, (_, row) => value(row));
    const isSeen = (row: number) => one.rooms[row] === 'room 1';
    const values = [
      column(() => sinceMotion),
      column((row) => (isSeen(row) ? motion : Number.NaN)),
      column((row) => (isSeen(row) ? Number.NaN : 100)),
    ];
    const matrix = { ...one.matrix, columns: ['a_since', 'm_24h', 'p_24h'], values };
    const all = drawnWhereEmpty(
      column(() => 900),
      { ...one, matrix },
    );
    return [all[0], all[96]].map((value) => Math.round(value ?? 0));
  };
  // Of the second room it is not known what it drew.
  expect(drawn(96, 0)).toEqual([180, 900]);
  expect(drawn(95, 12)).toEqual([900, 900]);
  expect(drawn(96, Number.NaN)).toEqual([900, 900]);
});

test('in an empty home less presence is expected of the next two days', () => {
  const one = daysOf([() => 90, () => 30], 1);
  const expected = (sinceMotion: number, motion: number) => {
    const column = (value: (row: number) => number) =>
      Float64Array.from({ length: one.matrix.rows }, (_, row) => value(row));
    // A meter sees no motion; the room beside it does.
    const isSeen = (row: number) => one.rooms[row] === 'room 1';
    const values = [
      column((row) => (row % 3) * 96 + 1),
      column(() => sinceMotion),
      column((row) => (isSeen(row) ? motion : Number.NaN)),
    ];
    const matrix = { ...one.matrix, columns: ['ahead', 'a_since', 'm_24h'], values };
    const all = seldomWhereEmpty(
      column(() => 0.5),
      { ...one, matrix },
    );
    return [...all.slice(0, 3), ...all.slice(96, 99)];
  };
  expect(expected(96, 0)).toEqual([0.2, 0.4, 0.5, 0.2, 0.4, 0.5]);
  expect(expected(95, 12)).toEqual([0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
  expect(expected(96, Number.NaN)).toEqual([0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
});
