import { columnNamed } from '../learning/data/matrix.ts';
import { dayMs, type Examples } from './examples.ts';
import { levelOf } from './levels.ts';
import { grouped, roomsOf } from './rows.ts';
import type { Horizon, Use } from './settings.ts';

/** How long before an origin forecasts are made again to be compared with what came true: milliseconds; 0 where nothing is corrected by them. */
export function lookBackOf(use: Use, horizon: Horizon): number {
  return use === 'mean_power_w' && horizon !== 'day' ? dayMs : 0;
}

/**
 * The power at which each room, by its code, drew its energy on average: that of a device that runs now and then, or about that of a
 * meter. A room that drew nothing has 0.
 */
export function burstsOf({ matrix, labels }: Examples, codes: number): readonly number[] {
  const rooms = columnNamed(matrix, 'room');
  const sums = Array.from({ length: codes }, () => ({ value: 0, square: 0 }));
  labels.forEach((label, row) => {
    const sum = sums[rooms[row] ?? -1];
    if (sum === undefined) return;
    sum.value += label;
    sum.square += label ** 2;
  });
  return sums.map(({ value, square }) => (value > 0 ? square / value : 0));
}

/**
 * So many quarters at the power of its bursts count as forecast rightly. How much a room draws on a day is by chance as far as its bursts
 * are few (of events with a gamma distributed rate it is the mean of that rate): a meter draws sixty of them a day, a kitchen's plug three.
 */
const usualBursts = 30;

/**
 * Forecasts of power within hours, each multiplied by what those of its room, of the origins of the last day, would have had to be multiplied
 * by to add up to what came true: a cold spell lasts longer than a day, and a line that was fitted to a warmer season is off in it all the
 * time. Only windows that had ended when a forecast was made count; of the first ones of the examples nothing is known, and they stay as they are.
 * @param values what models say, one a row of the examples, which are in the order of their origins.
 * @param bursts of each room by its code.
 */
export function correctedByLastDay(values: Float64Array, examples: Examples, bursts: readonly number[]): Float64Array {
  const { matrix, origins, labels } = examples;
  const codes = columnNamed(matrix, 'room');
  const rooms = roomsOf(examples);
  const corrected = values.slice();
  for (const rowsOfRoom of grouped(rooms.length, (row) => rooms[row] ?? '').values()) {
    const known = rowsOfRoom.filter((row) => !Number.isNaN(labels[row] ?? Number.NaN));
    const rest = usualBursts * (bursts[codes[rowsOfRoom[0] ?? -1] ?? -1] ?? 0);
    if (rest === 0) continue;
    let oldest = 0;
    for (const row of rowsOfRoom) {
      const origin = origins[row] ?? 0;
      while ((origins[known[oldest] ?? row] ?? 0) < origin - dayMs) oldest += 1;
      const factor = factorOf(values, examples, endedBy(examples, known, oldest, origin), rest);
      corrected[row] = factor * (values[row] ?? 0);
    }
  }
  return corrected;
}

/** The rows from a place on whose windows had ended with the quarter of an origin. */
function endedBy({ targets }: Examples, rows: readonly number[], from: number, origin: number): readonly number[] {
  let end = from;
  while ((targets[rows[end] ?? -1] ?? Number.POSITIVE_INFINITY) <= origin) end += 1;
  return rows.slice(from, end);
}

function factorOf(values: Float64Array, { labels }: Examples, rows: readonly number[], rest: number): number {
  const sumOf = (of: Float64Array) => rows.reduce((sum, row) => sum + (of[row] ?? 0), rest);
  return levelOf(sumOf(labels), sumOf(values));
}
