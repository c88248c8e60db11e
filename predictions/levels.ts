import { columnNamed } from '../learning/data/matrix.ts';
import { emptyHomes } from './empty-homes.ts';
import { type Examples, quartersOfDay } from './examples.ts';
import { scalesOfRooms } from './intervals.ts';
import { dayAheadOf, grouped, roomsOf } from './rows.ts';

/**
 * What each example of power counts in training, 1 on average: the rooms' values, each over what is usual in its room, vary alike with these
 * weights. Without them the trees of all rooms would be about a plug that mostly rests, whose rare hours are a hundred times what is usual.
 */
export function weightsOf({ matrix, labels }: Examples, codes: number): Float64Array {
  const rooms = columnNamed(matrix, 'room');
  const scales = scalesOfRooms(matrix);
  const sums = Array.from({ length: codes }, () => ({ rows: 0, value: 0, square: 0 }));
  labels.forEach((label, row) => {
    const sum = sums[rooms[row] ?? -1];
    if (sum === undefined) return;
    const value = label / (scales[row] ?? 1);
    sum.rows += 1;
    sum.value += value;
    sum.square += value ** 2;
  });
  const ofRooms = sums.map(({ rows, value, square }) => 1 / (square / rows - (value / rows) ** 2 + leastVariance));
  const weights = labels.map((_, row) => ofRooms[rooms[row] ?? -1] ?? 0);
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  return weights.map((weight) => weight / mean);
}

/** What hardly ever changes does not count for all others. */
const leastVariance = 0.25;

/** Fewer windows of a room say nothing of its level. */
const fewestRows = 100;
/** What is further off is no matter of level. */
const [least, most] = [0.5, 2];

/** What forecasts of a room are multiplied by so that they add up to what was measured. */
export function levelOf(measured: number, predicted: number): number {
  return Math.min(Math.max(measured / predicted, least), most);
}

/**
 * What the forecasts of each room, by its code, are multiplied by. A line that falls below zero counts as 0, which makes the forecasts of a
 * room whose devices seldom run too large on the whole; with these factors they add up to what was measured, over all that was learnt. Not
 * for days ahead: what was learnt holds days of absence and a summer, and the factors made forecasts of autumn too small.
 */
export function levelsOf(predictions: Float64Array, { matrix, labels }: Examples, codes: number): readonly number[] {
  const rooms = columnNamed(matrix, 'room');
  const sums = Array.from({ length: codes }, () => ({ measured: 0, predicted: 0, rows: 0 }));
  predictions.forEach((value, row) => {
    const sum = sums[rooms[row] ?? -1];
    if (sum === undefined) return;
    sum.measured += labels[row] ?? 0;
    sum.predicted += Math.max(value, 0);
    sum.rows += 1;
  });
  return sums.map(({ measured, predicted, rows }) =>
    rows < fewestRows || predicted === 0 ? 1 : levelOf(measured, predicted),
  );
}

/** Forecasts of power: never below 0, at the level of their rooms. */
export function levelled(
  values: Float64Array,
  { matrix }: Examples,
  levels: readonly number[] | undefined,
): Float64Array {
  const rooms = columnNamed(matrix, 'room');
  return values.map((value, row) => Math.max(value, 0) * (levels?.[rooms[row] ?? -1] ?? 1));
}

/** How many quarters of a day ahead have to be known for its mean to say something. */
const fewestQuarters = 88;
/** The weight of the last known day of a room whose days are alike, beside what was forecast: neither is known to be better. */
const mostWeight = 0.5;
/**
 * Days are not alike whose autocorrelation is below the first, and alike from the second on: how alike the days of a heated house were hangs
 * on how much of the past was summer.
 */
const [leastAlike, alike] = [0.2, 0.4];
/** The weights of the last known day one, two and three days ahead where nobody was at home on it: an empty home goes on as it was, for as long as it is empty. */
const awayWeights = [1, 0.8, 0.6] as const;

/** The rows of each origin, room and day ahead. */
function daysAhead(examples: Examples): readonly (readonly number[])[] {
  const rooms = roomsOf(examples);
  const dayOf = dayAheadOf(examples);
  return [...grouped(rooms.length, (row) => `${examples.origins[row]} ${dayOf(row)} ${rooms[row]}`).values()];
}

/** The means of values, and of what the room drew at the same times of the last known day, over the rows at which that is known. */
function besideLastDay(rows: readonly number[], values: Float64Array, { matrix }: Examples) {
  const lastDay = columnNamed(matrix, 'dn');
  const known = rows.filter((row) => !Number.isNaN(lastDay[row] ?? Number.NaN));
  const meanOf = (of: Float64Array | undefined) => known.reduce((sum, row) => sum + (of?.[row] ?? 0), 0) / known.length;
  return { quarters: known.length, mean: meanOf(values), last: meanOf(lastDay) };
}

/**
 * How far the days of each room, by its code, are to be drawn to the energy of the last known day: by `mostWeight` where the two
 * were alike in what was learnt, by their autocorrelation with von Neumann's ratio ("Distribution of the ratio of the mean square successive
 * difference to the variance", Annals of Mathematical Statistics 12(4), 1941); by 0 where they were not. A house that heats stays as it is from
 * one day to the next; a washing machine does not.
 */
export function dayWeightsOf(examples: Examples, codes: number): readonly number[] {
  const rooms = columnNamed(examples.matrix, 'room');
  const ofRooms = Array.from({ length: codes }, (): { readonly mean: number; readonly last: number }[] => []);
  for (const rows of daysAhead(examples)) {
    const { quarters, ...day } = besideLastDay(rows, examples.labels, examples);
    if (quarters >= fewestQuarters) ofRooms[rooms[rows[0] ?? 0] ?? -1]?.push(day);
  }
  return ofRooms.map((days) => {
    const usual = days.reduce((sum, { mean }) => sum + mean, 0) / days.length;
    const squares = (of: (day: { mean: number; last: number }) => number) =>
      days.reduce((sum, day) => sum + (day.mean - of(day)) ** 2, 0);
    const spread = squares(() => usual);
    if (!(spread > 0)) return 0;
    const correlation = 1 - squares(({ last }) => last) / (2 * spread);
    return mostWeight * Math.min(Math.max((correlation - leastAlike) / (alike - leastAlike), 0), 1);
  });
}

/**
 * Forecasts of days whose energy is drawn to that of the last known day; when in a day it is used stays as it was forecast. Where nobody was at
 * home on that day they go on as it was, whatever the room: models learn from few days of absence that heating is set back.
 */
export function drawnToLastDay(values: Float64Array, examples: Examples, weights: readonly number[]): Float64Array {
  const rooms = columnNamed(examples.matrix, 'room');
  const isEmpty = emptyHomes(examples);
  const dayOf = dayAheadOf(examples);
  const drawn = values.slice();
  for (const rowsOfDay of daysAhead(examples)) {
    const first = rowsOfDay[0] ?? 0;
    const isAway = isEmpty(first);
    const weight = (isAway ? awayWeights[dayOf(first) - 1] : weights[rooms[first] ?? -1]) ?? 0;
    const { quarters, mean, last } = besideLastDay(rowsOfDay, values, examples);
    // Of rows that are compared with what came true, some may be missing: as large a share has to be known.
    const isKnown = quarters * quartersOfDay >= rowsOfDay.length * fewestQuarters;
    if (weight === 0 || !isKnown || !(mean > 0)) continue;
    const factor = Math.min(Math.max(1 - weight + (weight * last) / mean, isAway ? 0 : least), most);
    for (const row of rowsOfDay) drawn[row] = factor * (values[row] ?? 0);
  }
  return drawn;
}
