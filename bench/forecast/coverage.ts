import { valuesAt } from '../../learning/data/matrix.ts';
import { coverage } from '../../learning/measure/regression.ts';
import { dayMs, type Examples, quarterMs } from '../../predictions/examples.ts';
import { boundsOf, intervalsOf } from '../../predictions/intervals.ts';
import { at, positions } from '../../predictions/rows.ts';
import type { Forecasts } from './forecasts.ts';

/** The share of values within the bounds, a week. */
export interface Coverage {
  readonly horizon: string;
  /** Week of the walk, from 1. */
  readonly week: number;
  readonly rows: number;
  readonly share: number;
}

/** As many days of errors as bounds are made of. */
const errorDays = 14;

/**
 * Bounds as daily training makes them: each day those of the errors that were known that morning, of forecasts that were made before
 * they were measured. The first two weeks only give errors.
 */
export function coverageOf({ test, values, horizon }: Forecasts, model: string, share: number): readonly Coverage[] {
  const of = values.get(model);
  if (of === undefined) return [];
  const first = (test.origins[0] ?? 0) + quarterMs;
  const days = Math.round(((test.origins.at(-1) ?? 0) + quarterMs - first) / dayMs);
  const weeks = new Map<number, { within: number; rows: number }>();
  for (let day = errorDays; day < days; day += 1) {
    const now = first + day * dayMs;
    const known = positions(test, (row) => ended(test, row) <= now && ended(test, row) > now - errorDays * dayMs);
    const intervals = intervalsOf(valuesAt(of, known), at(test, known), share);
    const today = positions(test, (row) => made(test, row) >= now && made(test, row) < now + dayMs);
    if (intervals === undefined || today.length === 0) continue;
    const [rows, predicted] = [at(test, today), valuesAt(of, today)];
    const { lower, upper } = boundsOf(intervals, predicted, rows);
    const week = Math.floor(day / 7) + 1;
    const sums = weeks.get(week) ?? { within: 0, rows: 0 };
    sums.within += (coverage(lower, upper, rows.labels) ?? 0) * today.length;
    sums.rows += today.length;
    weeks.set(week, sums);
  }
  return [...weeks].map(([week, { within, rows }]) => ({ horizon, week, rows, share: within / rows }));
}

function made({ origins }: Examples, row: number): number {
  return (origins[row] ?? 0) + quarterMs;
}

function ended({ targets }: Examples, row: number): number {
  return (targets[row] ?? 0) + quarterMs;
}
