import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MeasureQuestion, measureQueries, measureQuery } from '../../../powerbi/preview/measure-query.ts';
import type { Exposure } from '../../../runner/manifest/exposure.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { column, exposure, key, to } from './reader/exposures.ts';

const measure = (name: string, sql?: string) => ({ name, expression: '1', ...(sql === undefined ? {} : { sql }) });

const exposures: readonly Exposure[] = [
  exposure('Power by minute', 'fact_power', {
    columns: [
      key('Minute key'),
      { ...key('Date key'), source: 'date_key' },
      key('Device key'),
      column('Power (W)', 'double precision', { source: 'power_w' }),
      column('Seen (UTC)', 'timestamp', { source: 'seen_at' }),
      column('Seen (local)', 'timestamp', { source: 'seen_at' }),
    ],
    references: [to('Minute', 'Minute key'), to('Date', 'Date key'), to('Device', 'Device key')],
    measures: [
      measure('Mean', 'avg(power_w)'),
      measure('Of plugs', "avg(power_w) filter (where sensor_type = 'plug')"),
      measure(
        'Added up',
        '(select sum(mean) from (select avg(power_w) as mean from rows group by device_key) as devices)',
      ),
      measure('Twice', '2 * [Mean]'),
      measure('Latest hour', 'max(extract(hour from seen_at_local))'),
      measure('Months', 'count(distinct dim_date_month)'),
      measure('Names', "string_agg(distinct dim_room_name, '[Mean]')"),
      measure(
        'Day before',
        '(select sum(power_w) from rows_of_all_days where date in (select c.date - 1 from chosen_days as c))',
      ),
      measure('Share of all times', 'sum(power_w) / (select sum(power_w) from rows_of_all_times)'),
      measure('Beside the price', '[Mean] * [Price]'),
      measure('Beside the wider price', '[Mean] * [Wide price]'),
      measure('In a circle', '[Other] + 1'),
      measure('Other', '[In a circle]'),
      measure('In DAX alone'),
    ],
  }),
  exposure('Price by day', 'fact price of "Day"', {
    columns: [{ ...key('Date key'), source: 'date_key' }, column('Price', 'double precision')],
    references: [to('Date', 'Date key')],
    measures: [
      measure('Price', '(select avg(price) from rows)'),
      measure('Wide price', '(select avg(price) from rows_of_all_days)'),
    ],
  }),
  exposure('Minute', 'dim_minute', {
    key: 'Minute key',
    columns: [key('Minute key'), key('Date key'), column('Hour', 'bigint')],
    references: [to('Date', 'Date key')],
  }),
  exposure('Date', 'dim_date', {
    key: 'Date key',
    kind: 'date',
    columns: [{ ...key('Date key'), source: 'date_key' }, column('Date', 'date'), column('Month', 'bigint')],
  }),
  exposure('Device', 'dim_device', {
    key: 'Device key',
    columns: [key('Device key'), key('Room key'), column('Sensor type'), column('Name')],
    references: [to('Room', 'Room key')],
  }),
  exposure('Room', 'dim_room', { key: 'Room key', columns: [key('Room key'), column('Name')] }),
  exposure('Site', 'dim_site', { key: 'Site key', columns: [key('Site key'), column('Site')] }),
];

const tables = `
create schema bi;
create table bi."Date" ("Date key" bigint, "Date" date, "Month" bigint);
create table bi."Minute" ("Minute key" bigint, "Date key" bigint, "Hour" bigint);
create table bi."Price by day" ("Date key" bigint, "Price" float8);
insert into bi."Minute" values (1, 1, 7), (2, 1, 8);
insert into bi."Price by day" values (1, 2), (2, 4), (3, 9);
create table bi."Room" ("Room key" bigint, "Name" text);
create table bi."Device" ("Device key" bigint, "Room key" bigint, "Sensor type" text, "Name" text);
create table bi."Power by minute" ("Minute key" bigint, "Date key" bigint, "Device key" bigint, "Power (W)" float8,
    "Seen (UTC)" timestamp, "Seen (local)" timestamp);
insert into bi."Date" values (1, '2023-10-12', 10), (2, '2023-10-13', 10), (3, '2023-11-01', 11);
insert into bi."Room" values (1, 'Kitchen'), (2, 'Office');
insert into bi."Device" values (1, 1, 'plug', 'Fridge'), (2, 1, 'plug', 'Oven'), (3, 2, 'meter', 'Meter');
insert into bi."Power by minute" values
    (1, 1, 1, 10, '2023-10-12 20:00', '2023-10-12 22:00'), (2, 1, 1, 30, '2023-10-12 10:00', '2023-10-12 12:00'),
    (1, 1, 2, 100, '2023-10-12 10:00', '2023-10-12 12:00'), (1, 2, 3, 500, '2023-10-13 10:00', '2023-10-13 12:00'),
    (1, 3, 1, 50, '2023-11-01 10:00', '2023-11-01 11:00'), (2, 3, 1, null, '2023-11-01 10:00', '2023-11-01 11:00')`;

describe.each(oneDatabase)('the SQL of a measure on $name', (kind) => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await kind.open();
    for (const statement of tables.split(';')) await database.warehouse.query(statement);
  });
  afterAll(() => database?.drop());

  async function answer(name: string, by: MeasureQuestion['by'] = [], where: MeasureQuestion['where'] = []) {
    const query = measureQuery(exposures, { measure: { table: 'Power by minute', name }, by, where });
    if ('reason' in query) return query.reason;
    const { rows } = await database.warehouse.query(query.sql, query.params);
    return rows.map((row) => Object.values(row).map(String).join(' ')).sort();
  }
  const room = { table: 'Room', name: 'Name' };
  const date = { table: 'Date', name: 'Date' };

  it('counts the rows of the filter context', async () => {
    expect(await answer('Mean')).toEqual(['138']);
    expect(await answer('Mean', [room])).toEqual(['Kitchen 47.5', 'Office 500']);
    expect(await answer('Mean', [room], [{ field: date, values: ['2023-10-12', '2023-10-13'] }])).toEqual([
      `Kitchen ${140 / 3}`,
      'Office 500',
    ]);
  });

  it('names columns of dimensions, and says nothing where there is no value', async () => {
    expect(await answer('Of plugs', [room])).toEqual(['Kitchen 47.5']);
    expect(await answer('Of plugs', [], [{ field: room, values: ['Office'] }])).toEqual([]);
    expect(await answer('Months')).toEqual(['2']);
    expect(await answer('Latest hour')).toEqual(['22']);
  });

  it('computes over rows of rows, group by group', async () => {
    expect(await answer('Added up')).toEqual([String(30 + 100 + 500)]);
    expect(await answer('Added up', [room])).toEqual(['Kitchen 130', 'Office 500']);
  });

  const hour = { table: 'Minute', name: 'Hour' };
  const twelfth = { field: date, values: ['2023-10-12'] };

  it('reads rows that filters on days leave out, or filters on times, cell by cell', async () => {
    expect(await answer('Day before', [], [{ field: date, values: ['2023-10-13'] }])).toEqual(['140']);
    // The filter on the hour stays.
    expect(
      await answer(
        'Day before',
        [],
        [
          { field: date, values: ['2023-10-13'] },
          { field: hour, values: ['7'] },
        ],
      ),
    ).toEqual(['110']);
    expect(await answer('Day before', [date, room])).toEqual([]);
    expect(await answer('Day before', [room], [twelfth, { field: room, values: ['Office'] }])).toEqual([]);
    expect(await answer('Share of all times', [], [twelfth, { field: hour, values: ['8'] }])).toEqual([`${30 / 690}`]);
    expect(await answer('Share of all times', [room, hour], [twelfth])).toEqual([
      `Kitchen 7 ${110 / 190}`,
      `Kitchen 8 ${30 / 190}`,
    ]);
  });

  it('takes a measure of another table in the same context', async () => {
    expect(await answer('Beside the price', [], [twelfth])).toEqual([String((140 / 3) * 2)]);
    expect(await answer('Beside the price', [date, room], [twelfth, { field: hour, values: ['7'] }])).toEqual([
      '2023-10-12 Kitchen 110',
    ]);
    expect(await answer('Beside the wider price')).toBe('[Wide price] reads more than the rows of its own table');
  });

  it('computes several measures by two statements', async () => {
    const question = { table: 'Power by minute', by: [room], where: [twelfth] };
    const measures = ['Added up', 'Mean', 'Day before', 'In DAX alone', 'Of plugs'];
    const { queries, refused } = measureQueries(exposures, { ...question, measures });
    expect(refused).toEqual([{ measure: 'In DAX alone', reason: '[In DAX alone] has no `sql`' }]);
    expect(queries.map((query) => query.measures)).toEqual([
      ['Mean', 'Of plugs'],
      ['Added up', 'Day before'],
    ]);
    for (const { sql, params } of queries) {
      const { rows } = await database.warehouse.query(sql, params);
      expect(rows).toMatchObject([{ by1: 'Kitchen' }]);
    }
  });

  it('takes the SQL of another measure, outside of texts', async () => {
    expect(await answer('Twice', [room])).toEqual(['Kitchen 95', 'Office 1000']);
    expect(await answer('Names')).toEqual(['Kitchen[Mean]Office']);
  });

  it('leaves alone what no relationship reaches', async () => {
    const site = { table: 'Site', name: 'Site' };
    expect(await answer('Mean', [], [{ field: site, values: ['Sion'] }])).toEqual(['138']);
    expect(await answer('Mean', [site])).toBe('Power by minute is not related to Site[Site]');
  });

  it('says why a measure has no SQL', async () => {
    expect(await answer('In DAX alone')).toBe('[In DAX alone] has no `sql`');
    expect(await answer('Missing')).toBe('there is no measure [Missing]');
    expect(await answer('Other')).toBe('[Other] needs itself: Other -> In a circle -> Other');
  });
});
