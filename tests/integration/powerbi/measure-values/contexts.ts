import type { Narrowing } from '../../../../powerbi/preview/measure-query.ts';

const date = (...values: readonly string[]): Narrowing => ({ field: { table: 'Date', name: 'Date' }, values });
const apartment = (name: string): Narrowing => ({ field: { table: 'Apartment', name: 'Apartment' }, values: [name] });
const room = (name: string): Narrowing => ({ field: { table: 'Room', name: 'Room' }, values: [name] });
const hour = (value: number): Narrowing => ({
  field: { table: 'Minute', name: 'Hour (local)' },
  values: [String(value)],
});

/** A filter context: as a report has it, and as a condition on the keys of a fact, f. */
export interface FilterContext {
  readonly name: string;
  readonly where: readonly Narrowing[];
  /** By what a fact has: a key of the day, apartment, room or minute. What it lacks does not filter it. */
  readonly keys: { readonly [key in 'date_key' | 'apartment_key' | 'room_key' | 'datetime_key']?: string };
}

const jimmy = "f.apartment_key = (select a.apartment_key from gold.dim_apartment as a where a.apartment_id = 'jimmy')";
const jeremie = jimmy.replace("'jimmy'", "'jeremie'");
const inRoom = (name: string) =>
  `f.room_key in (select r.room_key from gold.dim_room as r where r.room_name = '${name}')`;
const atHour = (value: number) =>
  `f.datetime_key in (select t.datetime_key from gold.dim_datetime as t
      where extract(hour from t.timestamp_utc at time zone 'Europe/Zurich') = ${value})`;

export const contexts: readonly FilterContext[] = [
  { name: 'everything', where: [], keys: {} },
  { name: 'demo day', where: [date('2023-10-12')], keys: { date_key: 'f.date_key = 20231012' } },
  {
    name: "demo day, Jimmy's office",
    where: [date('2023-10-12'), apartment('Jimmy'), room('Office')],
    keys: { date_key: 'f.date_key = 20231012', apartment_key: jimmy, room_key: inRoom('Office') },
  },
  {
    name: 'demo day, noon',
    where: [date('2023-10-12'), hour(12)],
    keys: { date_key: 'f.date_key = 20231012', datetime_key: atHour(12) },
  },
  {
    name: 'demo day, three in the night, bedrooms',
    where: [date('2023-10-12'), hour(3), room('Bedroom')],
    keys: { date_key: 'f.date_key = 20231012', datetime_key: atHour(3), room_key: inRoom('Bedroom') },
  },
  { name: 'Jérémie', where: [apartment('Jérémie')], keys: { apartment_key: jeremie } },
  {
    name: 'part of a day, Jérémie',
    where: [date('2023-10-20'), apartment('Jérémie')],
    keys: { date_key: 'f.date_key = 20231020', apartment_key: jeremie },
  },
  {
    name: 'the night of the change of clocks, hour two',
    where: [date('2023-10-29'), hour(2)],
    keys: { date_key: 'f.date_key = 20231029', datetime_key: atHour(2) },
  },
  {
    name: 'the day of the change of clocks',
    where: [date('2023-10-29')],
    keys: { date_key: 'f.date_key = 20231029' },
  },
  { name: 'a day without data', where: [date('2023-11-20')], keys: { date_key: 'f.date_key = 20231120' } },
];
