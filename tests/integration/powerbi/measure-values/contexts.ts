import type { Narrowing } from '../../../../powerbi/preview/measure-rows.ts';
import type { Exposure } from '../../../../runner/manifest/exposure.ts';

const apartment = (name: string): Narrowing => ({ field: { table: 'Apartment', name: 'Apartment' }, values: [name] });
const room = (name: string): Narrowing => ({ field: { table: 'Room', name: 'Room' }, values: [name] });
const hour = (value: number): Narrowing => ({
  field: { table: 'Minute', name: 'Hour (local)' },
  values: [String(value)],
});
const target = (name: string): Narrowing => ({ field: { table: 'Prediction target', name: 'Target' }, values: [name] });

/** A filter context: as a report has it, and as conditions on the keys of a fact, f. */
export interface FilterContext {
  readonly name: string;
  /** The days chosen; without them all of the calendar. */
  readonly days?: readonly string[];
  readonly where: readonly Narrowing[];
  /** By what a fact has: a key of the apartment, room, minute or target. What it lacks does not filter it. */
  readonly keys: { readonly [key in 'apartment_key' | 'room_key' | 'datetime_key' | 'target_key']?: string };
}

const jimmy = "f.apartment_key = (select a.apartment_key from gold.dim_apartment as a where a.apartment_id = 'jimmy')";
const jeremie = jimmy.replace("'jimmy'", "'jeremie'");
const inRoom = (name: string) =>
  `f.room_key in (select r.room_key from gold.dim_room as r where r.room_name = '${name}')`;
const atHour = (value: number) =>
  `f.datetime_key in (select t.datetime_key from gold.dim_datetime as t
      where extract(hour from t.timestamp_utc at time zone 'Europe/Zurich') = ${value})`;
const ofTarget = (name: string) =>
  `f.target_key in (select g.target_key from gold.dim_target as g where g.target_name = '${name}')`;
const october = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => `2023-10-${first + index}`);

export const contexts: readonly FilterContext[] = [
  { name: 'everything', where: [], keys: {} },
  { name: 'demo day', days: ['2023-10-12'], where: [], keys: {} },
  {
    name: "demo day, Jimmy's office",
    days: ['2023-10-12'],
    where: [apartment('Jimmy'), room('Office')],
    keys: { apartment_key: jimmy, room_key: inRoom('Office') },
  },
  { name: 'demo day, noon', days: ['2023-10-12'], where: [hour(12)], keys: { datetime_key: atHour(12) } },
  {
    name: 'demo day, three in the night, bedrooms',
    days: ['2023-10-12'],
    where: [hour(3), room('Bedroom')],
    keys: { datetime_key: atHour(3), room_key: inRoom('Bedroom') },
  },
  { name: 'Jérémie', where: [apartment('Jérémie')], keys: { apartment_key: jeremie } },
  {
    name: 'part of a day, Jérémie',
    days: ['2023-10-20'],
    where: [apartment('Jérémie')],
    keys: { apartment_key: jeremie },
  },
  {
    name: 'the night of the change of clocks, hour two',
    days: ['2023-10-29'],
    where: [hour(2)],
    keys: { datetime_key: atHour(2) },
  },
  { name: 'the day of the change of clocks', days: ['2023-10-29'], where: [], keys: {} },
  { name: 'the day of 23 hours', days: ['2023-03-26'], where: [], keys: {} },
  { name: 'a day without data', days: ['2023-11-20'], where: [], keys: {} },
  {
    name: 'a day on which the meter is silent, Jérémie',
    days: ['2023-10-25'],
    where: [apartment('Jérémie')],
    keys: { apartment_key: jeremie },
  },
  { name: 'a week', days: october(24, 30), where: [], keys: {} },
  { name: 'eight days at noon', days: october(23, 30), where: [hour(12)], keys: { datetime_key: atHour(12) } },
  { name: 'occupancy predicted', where: [target('occupied')], keys: { target_key: ofTarget('occupied') } },
  {
    name: 'demo day, energy predicted',
    days: ['2023-10-12'],
    where: [target('energy_kwh_day')],
    keys: { target_key: ofTarget('energy_kwh_day') },
  },
];

/** The filters as a report has them. */
export function narrowings({ days, where }: FilterContext): readonly Narrowing[] {
  return days === undefined ? where : [{ field: { table: 'Date', name: 'Date' }, values: days }, ...where];
}

/** The context as a condition on what a table has. */
type Times = { readonly daysBack?: number; readonly anyDay?: boolean; readonly anyTime?: boolean };

function condition({ columns }: Exposure, { days, keys }: FilterContext, { daysBack = 0, anyDay, anyTime }: Times) {
  const has = new Set(columns.map(({ source }) => source));
  const parts = Object.entries(keys).filter(([key]) => has.has(key) && !(anyTime && key === 'datetime_key'));
  const chosen = (days ?? []).map((day) => {
    const at = new Date(`${day}T00:00:00Z`);
    at.setUTCDate(at.getUTCDate() - daysBack);
    return at.toISOString().slice(0, 10).replaceAll('-', '');
  });
  const onDays =
    days === undefined || anyDay || anyTime || !has.has('date_key') ? [] : [`f.date_key in (${chosen.join(', ')})`];
  return `(${['true', ...onDays, ...parts.map(([, sql]) => sql)].join(' and ')})`;
}

/**
 * A query written by hand in a context: `{w}` is the condition on the measure's fact, f; `{w-1}` and `{w-7}` a day and a week before,
 * `{any day}` and `{any time}` without those filters; `{climate}` and `{weather}` that on these facts; `{days}` how many days are chosen.
 */
export function inContext(query: string, exposure: Exposure, context: FilterContext, all: readonly Exposure[]): string {
  const of = (name: string) => condition(all.find((one) => one.name === name) ?? exposure, context, {});
  return query
    .replaceAll('{w}', condition(exposure, context, {}))
    .replaceAll('{w-1}', condition(exposure, context, { daysBack: 1 }))
    .replaceAll('{w-7}', condition(exposure, context, { daysBack: 7 }))
    .replaceAll('{any day}', condition(exposure, context, { anyDay: true }))
    .replaceAll('{any time}', condition(exposure, context, { anyTime: true }))
    .replaceAll('{climate}', of('Environment by minute'))
    .replaceAll('{weather}', of('Weather forecast by hour'))
    .replaceAll('{days}', String(context.days?.length ?? 365));
}
