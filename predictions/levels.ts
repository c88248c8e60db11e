import { score } from '../learning/model/score.ts';
import type { Artefact } from '../learning/model/spec.ts';
import type { Examples } from './examples.ts';
import { scalesOfRooms } from './intervals.ts';
import { grouped, roomsOf } from './rows.ts';

/**
 * What each example of power counts in training, 1 on average: the rooms' values, each over what is usual in its room, vary alike with these
 * weights. Without them the trees of all rooms would be about a plug that mostly rests, whose rare hours are a hundred times what is usual.
 */
export function weightsOf({ matrix, labels }: Examples, codes: number): Float64Array {
  const rooms = matrix.values[matrix.columns.indexOf('room')];
  const scales = scalesOfRooms(matrix);
  const sums = Array.from({ length: codes }, () => ({ rows: 0, value: 0, square: 0 }));
  labels.forEach((label, row) => {
    const sum = sums[rooms?.[row] ?? -1];
    if (sum === undefined) return;
    const value = label / (scales[row] ?? 1);
    sum.rows += 1;
    sum.value += value;
    sum.square += value ** 2;
  });
  const ofRooms = sums.map(({ rows, value, square }) => 1 / (square / rows - (value / rows) ** 2 + leastVariance));
  const weights = labels.map((_, row) => ofRooms[rooms?.[row] ?? -1] ?? 0);
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  return weights.map((weight) => weight / mean);
}

/** What hardly ever changes does not count for all others. */
const leastVariance = 0.25;

/** Fewer windows of a room say nothing of its level. */
const fewestRows = 100;
/** What is further off is no matter of level. */
const [least, most] = [0.5, 2];

/**
 * What the forecasts of each room, by its code, are multiplied by. A line that falls below zero counts as 0, which makes the forecasts of a
 * room whose devices seldom run too large on the whole; with these factors they add up to what was measured, over all that was learnt.
 */
export function levelsOf(artefact: Artefact, { matrix, labels }: Examples, codes: number): readonly number[] {
  const rooms = matrix.values[matrix.columns.indexOf('room')];
  const sums = Array.from({ length: codes }, () => ({ measured: 0, predicted: 0, rows: 0 }));
  score(artefact, matrix).forEach((value, row) => {
    const sum = sums[rooms?.[row] ?? -1];
    if (sum === undefined) return;
    sum.measured += labels[row] ?? 0;
    sum.predicted += Math.max(value, 0);
    sum.rows += 1;
  });
  return sums.map(({ measured, predicted, rows }) =>
    rows < fewestRows || predicted === 0 ? 1 : Math.min(Math.max(measured / predicted, least), most),
  );
}

/** Forecasts of power: never below 0, at the level of their rooms. */
export function levelled(
  values: Float64Array,
  { matrix }: Examples,
  levels: readonly number[] | undefined,
): Float64Array {
  const rooms = matrix.values[matrix.columns.indexOf('room')];
  return values.map((value, row) => Math.max(value, 0) * (levels?.[rooms?.[row] ?? -1] ?? 1));
}

/** Quarters of a day ahead, and how many of them have to be known for its mean to say something. */
const [quartersOfDay, fewestQuarters] = [96, 88];
/** The weight of the last known day where the next one is always as that was: more than half, since a model's error of a day is that of the next one, too. */
const mostWeight = 0.6;

/** The rows of each origin, room and day ahead. */
function daysAhead(examples: Examples): readonly (readonly number[])[] {
  const rooms = roomsOf(examples);
  const ahead = examples.matrix.values[examples.matrix.columns.indexOf('ahead')];
  const dayOf = (row: number) => Math.ceil((ahead?.[row] ?? 1) / quartersOfDay);
  return [...grouped(rooms.length, (row) => `${examples.origins[row]} ${dayOf(row)} ${rooms[row]}`).values()];
}

/** The means of values, and of what the room drew at the same times of the last known day, over the rows at which that is known. */
function besideLastDay(rows: readonly number[], values: Float64Array, { matrix }: Examples) {
  const lastDay = matrix.values[matrix.columns.indexOf('dn')];
  const known = rows.filter((row) => !Number.isNaN(lastDay?.[row] ?? Number.NaN));
  const meanOf = (of: Float64Array | undefined) => known.reduce((sum, row) => sum + (of?.[row] ?? 0), 0) / known.length;
  return { quarters: known.length, mean: meanOf(values), last: meanOf(lastDay) };
}

/**
 * How far the days of each room, by its code, are to be drawn to the energy of the last known day: by `mostWeight` times how alike the two
 * were in what was learnt, their autocorrelation by von Neumann's ratio ("Distribution of the ratio of the mean square successive difference
 * to the variance", Annals of Mathematical Statistics 12(4), 1941); 0 where they were not. A house that heats stays as it is from one day to the
 * next; a washing machine does not.
 */
export function dayWeightsOf(examples: Examples, codes: number): readonly number[] {
  const rooms = examples.matrix.values[examples.matrix.columns.indexOf('room')];
  const ofRooms = Array.from({ length: codes }, (): { readonly mean: number; readonly last: number }[] => []);
  for (const rows of daysAhead(examples)) {
    const { quarters, ...day } = besideLastDay(rows, examples.labels, examples);
    if (quarters >= fewestQuarters) ofRooms[rooms?.[rows[0] ?? 0] ?? -1]?.push(day);
  }
  return ofRooms.map((days) => {
    const usual = days.reduce((sum, { mean }) => sum + mean, 0) / days.length;
    const squares = (of: (day: { mean: number; last: number }) => number) =>
      days.reduce((sum, day) => sum + (day.mean - of(day)) ** 2, 0);
    const spread = squares(() => usual);
    return spread > 0 ? mostWeight * Math.max(0, 1 - squares(({ last }) => last) / (2 * spread)) : 0;
  });
}

/** Forecasts of days whose energy is drawn to that of the last known day; when in a day it is used stays as it was forecast. */
export function drawnToLastDay(values: Float64Array, examples: Examples, weights: readonly number[]): Float64Array {
  const rooms = examples.matrix.values[examples.matrix.columns.indexOf('room')];
  const drawn = values.slice();
  for (const rows of daysAhead(examples)) {
    const weight = weights[rooms?.[rows[0] ?? 0] ?? -1] ?? 0;
    const { quarters, mean, last } = besideLastDay(rows, values, examples);
    // Of rows that are compared with what came true, some may be missing: as large a share has to be known.
    const isKnown = quarters * quartersOfDay >= rows.length * fewestQuarters;
    if (weight === 0 || !isKnown || !(mean > 0)) continue;
    const factor = Math.min(Math.max(1 - weight + (weight * last) / mean, least), most);
    for (const row of rows) drawn[row] = factor * (values[row] ?? 0);
  }
  return drawn;
}
