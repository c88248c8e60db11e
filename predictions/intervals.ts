import { adapted, type Interval, intervalOf } from '../learning/measure/conformal.ts';
import { smallestScale } from './candidates.ts';
import { dayMs, type Examples } from './examples.ts';
import { grouped, roomsOf } from './rows.ts';

/** Bounds of the error, in units of what is usual in the room: of a room and a part of the day, of a room, and of all. */
export interface Intervals {
  readonly all: Interval;
  /** By `<apartment>/<room>`, or that with ` <part of the day>`, of those with errors enough. */
  readonly groups: Readonly<Record<string, Interval>>;
  /** The share that they are made for: what follows from past misses. */
  readonly missShare: number;
}

/** The part of the day that an hour of local time belongs to: 0 to 3, six hours each. */
function partOfDay(hour: number): number {
  return Math.floor(hour / 6);
}

function keysOf(examples: Examples): { readonly rooms: readonly string[]; readonly parts: readonly string[] } {
  const rooms = roomsOf(examples);
  const hours = examples.matrix.values[examples.matrix.columns.indexOf('hour')];
  return { rooms, parts: rooms.map((room, row) => `${room} ${partOfDay(hours?.[row] ?? 0)}`) };
}

/** What is usual in the room of each row: its mean power of seven days, in W. */
export function scalesOfRooms(matrix: Examples['matrix']): Float64Array {
  const usual = matrix.values[matrix.columns.indexOf('p_7d')] ?? new Float64Array(matrix.rows);
  return usual.map((value) => (value > smallestScale ? value : smallestScale));
}

/**
 * Intervals from the errors of forecasts that were made before what they are compared with was learnt. The share that may be
 * missed is adapted once for each day: intervals of the days before it are compared with it (learning/measure/conformal.ts).
 * @param share of values that intervals are to hold.
 * @returns undefined after too few errors.
 */
export function intervalsOf(values: Float64Array, test: Examples, share: number): Intervals | undefined {
  const scales = scalesOfRooms(test.matrix);
  const errors = test.labels.map((label, row) => (label - (values[row] ?? 0)) / (scales[row] ?? 1));
  const keys = keysOf(test);
  const days = [...grouped(errors.length, (row) => String(Math.floor((test.targets[row] ?? 0) / dayMs)))]
    .map(([day, rows]) => ({ day: Number(day), rows }))
    .sort((one, other) => one.day - other.day);
  const target = 1 - share;
  let missShare = target;
  const before: number[] = [];
  for (const [place, { rows }] of days.entries()) {
    // The first week has too few errors of each room to judge by.
    const made = place < 7 ? undefined : madeOf(errors, keys, before, missShare);
    if (made !== undefined) {
      const missed = rows.filter((row) => {
        const { lower, upper } = intervalOfRow(made, keys, row);
        return !((errors[row] ?? 0) >= lower && (errors[row] ?? 0) <= upper);
      });
      missShare = adapted(missShare, missed.length / rows.length, { target, gain: 0.02 });
    }
    before.push(...rows);
  }
  return madeOf(errors, keys, before, missShare);
}

function madeOf(
  errors: Float64Array,
  { rooms, parts }: ReturnType<typeof keysOf>,
  rows: readonly number[],
  missShare: number,
): Intervals | undefined {
  const of = (positions: readonly number[]) =>
    intervalOf(
      Float64Array.from(positions, (row) => errors[row] ?? 0),
      missShare,
    );
  const all = of(rows);
  if (all === undefined) return undefined;
  const groups: Record<string, Interval> = {};
  for (const names of [rooms, parts])
    for (const [key, places] of grouped(rows.length, (place) => names[rows[place] ?? 0] ?? '')) {
      const interval = of(places.map((place) => rows[place] ?? 0));
      if (interval !== undefined) groups[key] = interval;
    }
  return { all, groups, missShare };
}

function intervalOfRow(intervals: Intervals, { rooms, parts }: ReturnType<typeof keysOf>, row: number): Interval {
  return intervals.groups[parts[row] ?? ''] ?? intervals.groups[rooms[row] ?? ''] ?? intervals.all;
}

/** The bounds of forecasts, one a row, never below 0. */
export function boundsOf(
  intervals: Intervals,
  values: Float64Array,
  examples: Examples,
): { readonly lower: Float64Array; readonly upper: Float64Array } {
  const scales = scalesOfRooms(examples.matrix);
  const keys = keysOf(examples);
  const bound = (end: 'lower' | 'upper') =>
    values.map((value, row) => Math.max(value + intervalOfRow(intervals, keys, row)[end] * (scales[row] ?? 1), 0));
  return { lower: bound('lower'), upper: bound('upper') };
}
