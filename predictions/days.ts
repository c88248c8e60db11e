import { type Interval, intervalOf } from '../learning/measure/conformal.ts';
import type { Session } from '../warehouse/warehouse.ts';
import { smallestScale } from './candidates.ts';
import { type Examples, quarterMs } from './examples.ts';
import { grouped, roomsOf } from './rows.ts';
import type { Use } from './settings.ts';

/** What the quarters of a local day add up to, by the use: the target of its records. */
export const dayTargets: Readonly<Record<Use, string>> = {
  occupied: 'occupied_hours_day',
  mean_power_w: 'energy_kwh_day',
};

/** What a quarter of an hour adds to a day for each unit of its value: hours, or kWh for each W. */
const unitOf: Readonly<Record<Use, number>> = { occupied: 0.25, mean_power_w: 0.25 / 1000 };

/** How the forecast of a whole day may err, intervals of quarters do not add up: in units of what is usual a day. */
export type DayInterval = Interval;

/** What is usual for a day: 24 hours, or the energy of the room's mean power of seven days. */
function usualOf(use: Use, { matrix }: Examples, row: number): number {
  if (use === 'occupied') return 24;
  const power = matrix.values[matrix.columns.indexOf('p_7d')]?.[row] ?? Number.NaN;
  return (power > smallestScale ? power : smallestScale) * 0.024;
}

/** The rows of one origin, room and local day each. */
function daysOf(examples: Examples): readonly (readonly number[])[] {
  const rooms = roomsOf(examples);
  const { origins, days } = examples;
  return [...grouped(rooms.length, (row) => `${origins[row]} ${rooms[row]} ${days[row]}`).values()];
}

/**
 * The interval of days, from the errors of daily forecasts whose quarters are all known.
 * @param values forecasts, one a row of the examples.
 */
export function dayIntervalOf(use: Use, values: Float64Array, test: Examples, share: number): DayInterval | undefined {
  const errors = daysOf(test).flatMap((rows) => {
    // Parts of days err less; whoever takes them in makes the intervals of whole ones too narrow.
    if (rows.length < 88) return [];
    const error = rows.reduce((sum, row) => sum + (test.labels[row] ?? 0) - (values[row] ?? 0), 0);
    return [(error * unitOf[use]) / usualOf(use, test, rows[0] ?? 0)];
  });
  return intervalOf(Float64Array.from(errors), 1 - share);
}

/** A local day of a room, as its forecast says. */
export interface DayForecast {
  readonly apartment: string;
  readonly room: string;
  /** Local days from the one in which the origin ends. */
  readonly days: number;
  /** When the day begins; milliseconds. */
  readonly begins: number;
  /** Its length: 1380 and 1500 when the clocks change. */
  readonly minutes: number;
  readonly value: number;
  readonly lower?: number;
  readonly upper?: number;
}

/**
 * Adds forecasts of quarters up to whole local days: what was measured since midnight of the first one counts, and its quarters
 * without a reading as the mean of the others. The last day, which ends after the forecast, is left out. Reads the temporary table
 * predict_target, which has to begin a day before the origin.
 * @param values one a row of the examples of one origin.
 */
export async function forecastDays(
  session: Session,
  use: Use,
  examples: Examples,
  values: Float64Array,
  interval: DayInterval | undefined,
): Promise<readonly DayForecast[]> {
  const origin = (examples.origins[0] ?? 0) + quarterMs;
  const { rows: found } = await session.query<Measured>(
    `select apartment, room, extract(epoch from min(target))::float8 * 1000 as begins, count(*)::int as quarters,
        count(*) filter (where target < $1)::int as past, avg(${use}) filter (where target < $1)::float8 as mean
     from predict_target group by apartment, room, local_date`,
    [new Date(origin).toISOString()],
  );
  const starts = new Map<string, readonly Measured[]>();
  for (const day of found)
    starts.set(`${day.apartment}/${day.room}`, [...(starts.get(`${day.apartment}/${day.room}`) ?? []), day]);
  return daysOf(examples).flatMap((rows) => {
    const row = rows[0] ?? 0;
    const [apartment = '', room = ''] = [examples.apartments[row], examples.rooms[row]];
    const first = examples.targets[row] ?? 0;
    const day = starts
      .get(`${apartment}/${room}`)
      ?.find(({ begins, quarters }) => begins <= first && first < begins + quarters * quarterMs);
    // A day that began before the table does, or ends after the forecast, is no whole one.
    if (
      day === undefined ||
      rows.length + day.past !== day.quarters ||
      day.quarters < 88 ||
      (day.past > 0 && day.mean === null)
    )
      return [];
    const known = day.past * (day.mean ?? 0);
    const value = unitOf[use] * rows.reduce((sum, at) => sum + (values[at] ?? 0), known);
    const usual = usualOf(use, examples, row) * (rows.length / day.quarters);
    const most = use === 'occupied' ? day.quarters / 4 : Number.POSITIVE_INFINITY;
    const bound = (end: number) => Math.min(Math.max(value + end * usual, unitOf[use] * known), most);
    return [
      {
        apartment,
        room,
        days: examples.days[row] ?? 0,
        begins: day.begins,
        minutes: day.quarters * 15,
        value,
        ...(interval === undefined ? {} : { lower: bound(interval.lower), upper: bound(interval.upper) }),
      },
    ];
  });
}

type Measured = {
  readonly apartment: string;
  readonly room: string;
  readonly begins: number;
  readonly quarters: number;
  readonly past: number;
  readonly mean: number | null;
};
