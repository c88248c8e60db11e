import { type Examples, quarterMs } from '../predictions/examples.ts';
import { habitInputs } from '../predictions/inputs.ts';
import { at, positions, roomsOf } from '../predictions/rows.ts';
import type { Horizon, Use } from '../predictions/settings.ts';

/** A window that a predictor is asked about: a record of staging.prediction as far as it is known before anything is predicted. */
export interface Question {
  readonly target: Use;
  readonly apartment: string;
  readonly room: string;
  readonly timestamp: string;
  readonly window_minutes: 15;
  readonly horizon:
    | { readonly type: 'day'; readonly days: number }
    | { readonly type: 'quarter' | 'hour'; readonly minutes: number };
  readonly run_at: string;
}

/** A question with what is known at its origin. */
export interface Asked {
  readonly question: Question;
  /** By the names of docs/features.md; null where it is not known. */
  readonly features: Readonly<Record<string, number | null>>;
}

/** What says that a target was read in a room: what the last day was like, or other days at the time of the window. */
const signs: Readonly<Record<Use, readonly string[]>> = {
  occupied: [...habitInputs, 'm_24h'],
  mean_power_w: [...habitInputs, 'p_24h', 'p_7d'],
};

/** Those of rooms in which the target was read: nobody predicts motion where there is no sensor of it. */
export function ofReadRooms(target: Use, examples: Examples): Examples {
  const { columns, values } = examples.matrix;
  const telling = signs[target].map((name) => values[columns.indexOf(name)]);
  const codes = roomsOf(examples);
  const isKnown = (row: number) => telling.some((column) => !Number.isNaN(column?.[row] ?? Number.NaN));
  const read = new Set(codes.filter((_, row) => isKnown(row)));
  return at(
    examples,
    positions(examples, (row) => read.has(codes[row] ?? '')),
  );
}

/** What is asked of a target and horizon, one window an example. */
export function questionsOf(target: Use, horizon: Horizon, examples: Examples): readonly Asked[] {
  const { matrix, origins, targets, days, apartments, rooms } = examples;
  const columns = matrix.columns
    .map((name, index) => ({ name, values: matrix.values[index] }))
    // Those two are positions in a list of a model; the question has the names.
    .filter(({ name }) => name !== 'room' && name !== 'apartment');
  return rooms.map((room, row) => {
    const origin = origins[row] ?? 0;
    const window = targets[row] ?? 0;
    const minutes = (window - origin) / 60_000;
    const question: Question = {
      target,
      apartment: apartments[row] ?? '',
      room,
      timestamp: new Date(window).toISOString(),
      window_minutes: 15,
      horizon: horizon === 'day' ? { type: horizon, days: days[row] ?? 0 } : { type: horizon, minutes },
      run_at: new Date(origin + quarterMs).toISOString(),
    };
    const features = columns.map(({ name, values }) => [name, numberOrNull(values?.[row])] as const);
    return { question, features: Object.fromEntries(features) };
  });
}

/** One line of JSON in ASCII: whatever encoding a program reads its input in, the names in it arrive. */
export function lineOf({ question, features }: Asked): string {
  const text = JSON.stringify({ ...question, features });
  return text.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** What tells one window that is asked about from another. */
export function keyOf(target: string, apartment: string, room: string, time: number, horizon: string): string {
  return JSON.stringify([target, apartment, room, time, horizon]);
}

function numberOrNull(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}
