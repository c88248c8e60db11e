import { columnNamed, columnsNamed } from '../learning/data/matrix.ts';
import { type Examples, quartersOfDay } from './examples.ts';
import { dayAheadOf } from './rows.ts';

/** Quarters since motion that say that nobody was at home for a day; `a_since` counts no further. */
const quartersAway = quartersOfDay;

/**
 * Whether nobody was at home on the last day, as known at the origin of a row: no motion in the apartment, and a room in which motion would
 * have been seen. Without such a room, or while sensors are silent, it is not known, and so it is not said.
 */
export function emptyHomes({ matrix, origins, apartments }: Examples): (row: number) => boolean {
  const [sinceMotion, motion] = columnsNamed(matrix, ['a_since', 'm_24h']);
  const homeOf = (row: number) => `${origins[row]} ${apartments[row]}`;
  const empty = new Set<string>();
  for (let row = 0; row < matrix.rows; row += 1)
    if (motion?.[row] === 0 && (sinceMotion?.[row] ?? 0) >= quartersAway) empty.add(homeOf(row));
  return (row) => empty.has(homeOf(row));
}

/** The weight of the last 24 hours of a home in which nobody was beside what is forecast of it within an hour. */
const awayWeight = 0.9;

/**
 * Forecasts of the next quarter and hour, drawn to the mean power of the last 24 hours where nobody was at home all that time: in the first
 * absence of a cold week models know no heating but that of a home that is lived in, and would forecast four times what an empty one draws.
 */
export function drawnWhereEmpty(values: Float64Array, examples: Examples): Float64Array {
  const { matrix } = examples;
  const lastDay = columnNamed(matrix, 'p_24h');
  const isEmpty = emptyHomes(examples);
  return values.map((value, row) => {
    const usual = lastDay[row] ?? Number.NaN;
    return isEmpty(row) && !Number.isNaN(usual) ? (1 - awayWeight) * value + awayWeight * usual : value;
  });
}

/** What is left of a probability one and two days ahead where nobody was at home for a day, and all of it further ahead: most such absences go on for another day, few for three. */
const awayShares = [0.4, 0.8] as const;

/**
 * Probabilities that a room is occupied, made smaller where nobody was at home for a day: few absences are learnt from, or none, and by habits alone
 * somebody would be expected home each evening of a journey.
 */
export function seldomWhereEmpty(probabilities: Float64Array, examples: Examples): Float64Array {
  const isEmpty = emptyHomes(examples);
  const dayOf = dayAheadOf(examples);
  return probabilities.map((value, row) => (isEmpty(row) ? value * (awayShares[dayOf(row) - 1] ?? 1) : value));
}
