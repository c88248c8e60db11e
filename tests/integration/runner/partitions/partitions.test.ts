import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openWarehouse } from '../../../../warehouse/open.ts';
import { databases, type TestDatabase } from '../../databases.ts';
import { resultOf, rowsOf } from '../../temporary-project.ts';
import { PartitionedVisits } from './partitioned-visits.ts';

const monthly = 'partition_by: { column: at, granularity: month }';
const merged = `materialized: incremental, unique_key: [id, at], ${monthly}`;
const first = [
  { id: 1, at: '2023-10-05T10:00Z', value: 1 },
  { id: 2, at: '2023-10-31T23:59:59.999999Z', value: 2 },
  { id: 3, at: '2023-12-01T00:00Z', value: 3 },
];
const october = `visits_2023_10 ('2023-10-01 00:00:00+00') TO ('2023-11-01 00:00:00+00')`;
const november = `visits_2023_11 ('2023-11-01 00:00:00+00') TO ('2023-12-01 00:00:00+00')`;
const december = `visits_2023_12 ('2023-12-01 00:00:00+00') TO ('2024-01-01 00:00:00+00')`;

describe.each(databases)('partition_by on $name', ({ name, open }) => {
  let database: TestDatabase;
  let visits: PartitionedVisits;
  const reader = `partition_reader_${randomBytes(4).toString('hex')}`;

  beforeAll(async () => {
    database = await open();
    await rowsOf(database.warehouse, `create role ${reader}`);
  });
  afterEach(() => visits.dispose());
  afterAll(async () => {
    await rowsOf(database.warehouse, `drop owned by ${reader}`);
    await rowsOf(database.warehouse, `drop role ${reader}`);
    await database.drop();
  });

  const make = async (config: string, type?: string) => {
    visits = await PartitionedVisits.make(database.warehouse, config, type);
  };
  const build = async (options = {}) => {
    const summary = await visits.project.run(database.warehouse, { command: 'run', ...options });
    const { error, inserted, updated, deleted } = resultOf(summary, 'visits');
    return error?.message ?? { inserted, updated, deleted };
  };
  const all = () => visits.rows('select id, value from shown.visits order by id, value');

  it('makes a partition for every month that has rows, and no other', async () => {
    await make(merged);
    await visits.load(first);
    expect(await build()).toEqual({ inserted: 3, updated: 0, deleted: 0 });
    expect(await visits.partitions()).toEqual([october, december]);
    expect(await all()).toEqual([
      { id: 1, value: 1 },
      { id: 2, value: 2 },
      { id: 3, value: 3 },
    ]);
  });

  it('adds a month when its first row comes, and counts new rows and corrected ones', async () => {
    await make(merged);
    await visits.load(first);
    await build();
    await visits.load([
      { id: 1, at: '2023-10-05T10:00Z', value: 7 },
      { id: 2, at: '2023-10-31T23:59:59.999999Z', value: 2 },
      { id: 4, at: '2023-11-01T00:00Z', value: 4 },
    ]);
    expect(await build()).toEqual({ inserted: 1, updated: 1, deleted: 0 });
    expect(await visits.partitions()).toEqual([october, november, december]);
    expect(await build()).toEqual({ inserted: 0, updated: 0, deleted: 0 });
    expect((await all()).map(({ value }) => value)).toEqual([7, 2, 3, 4]);
  });

  it.each([
    ['append', 'materialized: incremental, incremental_strategy: append'],
    ['delete+insert', 'materialized: incremental, incremental_strategy: delete+insert, unique_key: [id, at]'],
    ['table with a key', 'materialized: table, unique_key: [id, at]'],
    ['table without', 'materialized: table'],
  ])('holds for %s', async (_, config) => {
    await make(`${config}, ${monthly}`);
    await visits.load(first);
    expect(await build()).toEqual({ inserted: 3, updated: 0, deleted: 0 });
    await visits.load([{ id: 4, at: '2023-11-01T00:00Z', value: 4 }]);
    expect(await build()).not.toBeTypeOf('string');
    expect(await visits.partitions()).toEqual([october, november, december]);
    expect((await all()).map(({ id }) => id)).toEqual([1, 2, 3, 4]);
    expect(await build({ fullRefresh: true })).toEqual({ inserted: 0, updated: 0, deleted: 0 });
  });

  it('moves a row whose time changes, and keeps the partition that it leaves empty', async () => {
    await make(`materialized: table, unique_key: [id, at], ${monthly}`);
    await visits.load(first);
    await build();
    await visits.rows(`update raw.visits set at = '2023-11-11T00:00Z' where id = 3`);
    expect(await build()).toEqual({ inserted: 1, updated: 0, deleted: 1 });
    expect(await visits.rows('select tableoid::regclass::text as part from shown.visits where id = 3')).toEqual([
      { part: 'shown.visits_2023_11' },
    ]);
    expect(await visits.partitions()).toEqual([october, november, december]);
  });

  it('keeps keys, checks, indexes and foreign keys in partitions old and new', async () => {
    await make(merged);
    const more = `    constraints:
      - { type: primary_key, columns: [id, at] }
      - { type: check, expression: value >= 0 }
      - { type: foreign_key, columns: home, to: ref('homes') }
`;
    visits.configure(`${merged}, indexes: [{ columns: home }, { columns: at, type: brin }]`, more);
    visits.project.write({
      'models/homes.sql':
        '{{config materialized="table" unique_key="home" schema="shown"}}select h as home from generate_series(1, 2) as h',
      'models/notes.sql': `{{config materialized="table" unique_key="id" schema="shown"}}
select 1 as id, timestamptz '2023-10-05T10:00Z' as at from {{ref "visits"}} limit 1`,
      'models/notes.yml': `models: [{ name: notes, constraints: [{ type: foreign_key, columns: [id, at], to: ref('visits') }] }]`,
    });
    await visits.load(first);
    await build();
    await visits.load([{ id: 4, at: '2023-11-01T00:00Z', value: 4 }]);
    expect(await build()).toEqual({ inserted: 1, updated: 0, deleted: 0 });
    expect(await build()).toEqual({ inserted: 0, updated: 0, deleted: 0 });
    const counts = await visits.rows(
      `select c.relname as part, (select count(*)::int from pg_index where indrelid = c.oid) as indexes,
           (select array_agg(distinct contype::text order by contype::text) from pg_constraint
            where conrelid = c.oid and contype <> 'n' and confrelid <> 'shown.visits'::regclass) as constraints
       from pg_class as c where relname like 'visits_2023___' and relkind = 'r' order by 1`,
    );
    expect(counts).toEqual(
      [10, 11, 12].map((month) => ({ part: `visits_2023_${month}`, indexes: 3, constraints: ['c', 'f', 'p'] })),
    );
    await expect(visits.rows(`delete from shown.visits where id = 1`)).rejects.toThrow('foreign key');
    await expect(visits.rows(`insert into shown.visits values (9, '2023-11-02', 1, 9, 9)`)).rejects.toThrow('fkey');
    await expect(visits.rows(`insert into shown.visits values (9, '2023-11-02', -1, 1, 9)`)).rejects.toThrow('check');
    await expect(visits.rows(`insert into shown.visits values (4, '2023-11-01 00:00+00', 1, 1, 9)`)).rejects.toThrow(
      'pkey',
    );
  });

  it.each([
    ['date', 'day', '2023-10-29', `visits_2023_10_29 ('2023-10-29') TO ('2023-10-30')`],
    ['timestamp(3)', 'month', '2023-10-29T23:00', `visits_2023_10 ('2023-10-01 00:00:00') TO ('2023-11-01 00:00:00')`],
  ])('cuts a %s by the %s', async (type, granularity, at, partition) => {
    await make(
      `materialized: incremental, unique_key: [id, at], partition_by: { column: at, granularity: ${granularity} }`,
      type,
    );
    await visits.load([{ id: 1, at, value: 1 }]);
    expect(await build()).toEqual({ inserted: 1, updated: 0, deleted: 0 });
    expect(await visits.partitions()).toEqual([partition]);
  });

  it.each([
    // The day on which summer time ends has 25 hours.
    ['Europe/Zurich', ['2023-10-28T22:00Z', '2023-10-29T22:59Z', '2023-10-29T23:00Z'], [25, 24]],
    // Midnight comes twice there, and the hour before the second is of the day before.
    ['America/Havana', ['2023-11-05T04:30Z', '2023-11-05T05:30Z'], [25, 24]],
    // There is no midnight on the day on which summer time begins.
    ['America/Santiago', ['2023-09-03T03:59Z', '2023-09-03T04:00Z', '2023-09-04T02:59Z'], [24, 23]],
  ])('begins a day where it begins in %s', async (zone, times, hours) => {
    await make(
      `materialized: incremental, unique_key: [id, at], partition_by: { column: at, granularity: day, time_zone: ${zone} }`,
    );
    await visits.load(times.map((at, id) => ({ id, at, value: 0 })));
    expect(await build()).toEqual({ inserted: times.length, updated: 0, deleted: 0 });
    const lengths = (await visits.partitions()).map((one) => {
      const [, from = '', to = ''] = /\('(.+)'\) TO \('(.+)'\)/.exec(one) ?? [];
      return (Date.parse(to) - Date.parse(from)) / 3_600_000;
    });
    expect(lengths).toEqual(hours);
  });

  it.each([
    [merged, null, 'unique_key of visits is NULL in (id=5, at=NULL)'],
    [merged, 'infinity', 'partition_by of visits: "at" has values that belong to no partition: (id=5, at=infinity)'],
    [merged, '-infinity', 'has values that belong to no partition: (id=5, at=-infinity)'],
    [merged, '100000-01-01T00:00Z', 'has values that belong to no partition: (id=5, at=100000-01-01'],
    [
      // There it is December of the year before the first.
      merged.replace('month', 'month, time_zone: America/New_York'),
      '0001-01-01T00:00Z',
      'has values that belong to no partition: (id=5, at=0001-01-01',
    ],
    [`materialized: table, ${monthly}`, null, '"at" has values that belong to no partition: (at=NULL) in 1 row'],
  ])('refuses a row without a time: %s, %s', async (config, at, message) => {
    await make(config);
    await visits.load([...first, { id: 5, at, value: 5 }]);
    expect(await build()).toContain(message);
    expect(await visits.rows(`select to_regclass('shown.visits') as made`)).toEqual([{ made: null }]);
  });

  it.runIf(name === 'PostgreSQL')('begins a day where it begins, however the database writes times', async () => {
    await make(merged.replace('month', 'day, time_zone: America/Havana'));
    await visits.load([{ id: 1, at: '2023-11-05T04:30Z', value: 1 }]);
    const { pathname } = new URL(database.url ?? '');
    await visits.rows(`alter database ${pathname.slice(1)} set datestyle = 'SQL, DMY'`);
    // Where IST is the time of India, and of Israel for who reads it.
    const settings = { TimeZone: 'Asia/Kolkata' };
    const own = await openWarehouse({ url: database.url, folder: '', purpose: 'test', concurrency: 2, settings });
    try {
      const summary = await visits.project.run(own, { command: 'run' });
      expect(resultOf(summary, 'visits').error?.message).toBeUndefined();
      expect(await visits.partitions()).toEqual([
        `visits_2023_11_04 ('2023-11-04 04:00:00+00') TO ('2023-11-05 05:00:00+00')`,
      ]);
    } finally {
      await own.close();
    }
  });

  it('refuses a partition whose name something else has', async () => {
    await make(merged);
    await visits.load(first);
    await visits.rows('create table shown.visits_2023_12 (x int)');
    expect(await build()).toContain('needs a partition shown.visits_2023_12, and something else has that name');
  });

  it.each([`o'clock "24h" %I`, 'back\\slash %s', 'Größe "$1" {x}', '$do$; $do_$'])(
    'can do with names such as %j',
    async (hostile) => {
      await make('materialized: table, enabled: false');
      const quoted = `"${hostile.replaceAll('"', '""')}"`;
      const write = (config: string) =>
        visits.project.write({
          'models/odd.sql': `select id, at as ${quoted}, value from {{source "raw" "visits"}}`,
          'models/odd.yml': `models: [{ name: odd, config: { ${JSON.stringify({ materialized: 'table', schema: 'shown', alias: hostile, unique_key: ['id', hostile] }).slice(1, -1)}${config} } }]`,
        });
      const run = async () => {
        const summary = await visits.project.run(database.warehouse, { command: 'run' });
        expect(summary.results.flatMap(({ error }) => error?.message ?? [])).toEqual([]);
      };
      const partitionBy = (granularity: string) =>
        `, partition_by: { column: ${JSON.stringify(hostile)}, granularity: ${granularity} }`;
      await visits.load(first);
      for (const config of [partitionBy('month'), partitionBy('day'), '', partitionBy('month')]) {
        write(config);
        await run();
        await run();
      }
      expect(
        await visits.rows(
          `select c.relname as name from pg_class as c where relispartition and relkind = 'r' order by 1`,
        ),
      ).toEqual([{ name: `${hostile}_2023_10` }, { name: `${hostile}_2023_12` }]);
      expect(await visits.rows(`select count(*)::int as n from shown.${quoted}`)).toEqual([{ n: 3 }]);
    },
  );

  it('keeps names apart that are too long', async () => {
    await make(merged);
    const [one, other] = [`${'v'.repeat(58)}_one`, `${'v'.repeat(58)}_two`];
    await visits.load(first);
    visits.project.write({
      'models/other.sql': `{{config materialized="table" schema="shown" alias="${other}"}}select * from {{source "raw" "visits"}}`,
      'models/other.yml': `models: [{ name: other, config: { ${monthly} } }]`,
    });
    visits.configure(`${merged}, alias: ${one}`);
    const summary = await visits.project.run(database.warehouse, { command: 'run' });
    expect(summary.results.flatMap(({ error }) => error?.message ?? [])).toEqual([]);
    expect(await visits.rows(`select count(*)::int as n from pg_class where relispartition and relkind = 'r'`)).toEqual(
      [{ n: 4 }],
    );
  });

  it('shows a reader nothing but the table, whatever default privileges say', async () => {
    await make(merged);
    await visits.rows(`grant usage on schema shown to ${reader}`);
    await visits.rows(`alter default privileges in schema shown grant select on tables to ${reader}`);
    await visits.load(first);
    await build();
    await visits.load([{ id: 4, at: '2023-11-01T00:00Z', value: 4 }]);
    await build();
    const asReader = (sql: string) =>
      database.warehouse.transaction(async (session) => {
        await session.query(`set local role ${reader}`);
        return (await session.query(sql)).rows;
      });
    expect(await asReader('select count(*)::int as n from shown.visits')).toEqual([{ n: 4 }]);
    for (const part of ['visits_2023_10', 'visits_2023_11'])
      await expect(asReader(`select * from shown.${part}`)).rejects.toThrow('permission denied');
    // Who gets a privilege by mistake sees nothing either, and the next build takes it away.
    await visits.rows(`grant select on all tables in schema shown to ${reader}`);
    expect(await asReader('select * from shown.visits_2023_10')).toEqual([]);
    await build();
    await expect(asReader('select * from shown.visits_2023_10')).rejects.toThrow('permission denied');
    await visits.rows(`alter default privileges in schema shown revoke select on tables from ${reader}`);
  });
});
