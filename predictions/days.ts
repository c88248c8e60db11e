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

/** How forecasts of whole days may err, intervals of quarters do not add up: in units of the scale of a forecast. */
export interface DayIntervals {
  /** By `<apartment>/<room>`, of those with days enough: a meter errs by a tenth, a plug by more than there is. */
  readonly rooms: Readonly<Record<string, Interval>>;
  /** Of the others; absent after too few errors. */
  readonly all?: Interval | undefined;
}

/** Fewer days of a room say too little of it. */
const fewestDays = 20;

/**
 * What errors of days are divided by, for a part of a day: its hours, or the mean of the energy that is forecast and of what is usual, by the
 * room's mean power of seven days.
 * @param value what is forecast, in hours or kWh.
 * @param share of the day.
 */
function scaleOf(use: Use, { matrix }: Examples, row: number, value: number, share: number): number {
  if (use === 'occupied') return 24 * share;
  const power = matrix.values[matrix.columns.indexOf('p_7d')]?.[row] ?? Number.NaN;
  return ((power > smallestScale ? power : smallestScale) * 0.024 * share + value) / 2;
}

/** The rows of one origin, room and local day each. */
function daysOf(examples: Examples): readonly (readonly number[])[] {
  const rooms = roomsOf(examples);
  const { origins, days } = examples;
  return [...grouped(rooms.length, (row) => `${origins[row]} ${rooms[row]} ${days[row]}`).values()];
}

/**
 * The intervals of days, from the errors of daily forecasts whose quarters are all known.
 * @param values forecasts, one a row of the examples.
 */
export function dayIntervalsOf(use: Use, values: Float64Array, test: Examples, share: number): DayIntervals {
  const names = roomsOf(test);
  const errors = daysOf(test).flatMap((rows) => {
    // Parts of days err less; whoever takes them in makes the intervals of whole ones too narrow.
    if (rows.length < 88) return [];
    const sumOf = (of: Float64Array) => unitOf[use] * rows.reduce((sum, row) => sum + (of[row] ?? 0), 0);
    const [first = 0, value] = [rows[0], sumOf(values)];
    return [{ room: names[first] ?? '', error: (sumOf(test.labels) - value) / scaleOf(use, test, first, value, 1) }];
  });
  const intervalAt = (places: readonly number[], fewest?: number) =>
    intervalOf(
      Float64Array.from(places, (place) => errors[place]?.error ?? 0),
      1 - share,
      fewest,
    );
  const rooms = [...grouped(errors.length, (place) => errors[place]?.room ?? '')].flatMap(([room, places]) => {
    const interval = intervalAt(places, fewestDays);
    return interval === undefined ? [] : [[room, interval] as const];
  });
  return { rooms: Object.fromEntries(rooms), all: intervalAt([...errors.keys()]) };
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
  intervals: DayIntervals | undefined,
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
    const ahead = value - unitOf[use] * known;
    const scale = scaleOf(use, examples, row, ahead, rows.length / day.quarters);
    const interval = intervals?.rooms[`${apartment}/${room}`] ?? intervals?.all;
    const most = use === 'occupied' ? day.quarters / 4 : Number.POSITIVE_INFINITY;
    const bound = (end: number) => Math.min(Math.max(value + end * scale, unitOf[use] * known), most);
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
