import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expireRows } from '../../../../runner/retention/expire.ts';
import { oneDatabase, type TestDatabase } from '../../databases.ts';
import { resultOf, rowsOf, TemporaryProject } from '../../temporary-project.ts';

const readings = `{{config materialized="incremental" unique_key="id" audit_columns="load_id" event_time="at"}}
select id, at, value, load_id from {{source "raw" "readings"}}
{{#incremental}}where load_id > {{high_water "raw.readings"}}{{/incremental}}`;
/** Each day beside the value of the day before: what is made of the first day that is left lacks its predecessor. */
const days = (factor: number) => `{{config materialized="incremental" unique_key="day_key" event_time="day_key"}}
with days as (select to_char(at at time zone 'UTC', 'YYYYMMDD')::integer as day_key, sum(value) as total from {{ref "shown"}} group by 1)
select day_key, 'a day' as label, total * ${factor} as total, lag(total) over (order by day_key) as before from days`;

const now = new Date('2024-06-15T10:00:00Z');
const project = 'name: test\nretention: { silver: 10 days, gold: 20 days }\n';

describe.each(oneDatabase)('retention on $name', (kind) => {
  let database: TestDatabase;
  let files: TemporaryProject;
  beforeAll(async () => {
    database = await kind.open();
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    for (const schema of ['raw', 'datacycle', 'public'])
      await database.warehouse.query(`drop schema if exists ${schema} cascade`);
    await database.warehouse.query('create schema public');
    await database.warehouse.query('create schema raw');
    await database.warehouse.query(
      `create table raw.readings as
       select n as id, timestamptz '2024-06-15 00:00+00' - n * interval '6 hours' as at, n as value, 1::bigint as load_id
       from generate_series(0, 119) as n`,
    );
    files = new TemporaryProject({
      'project.yml': project,
      'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: readings }] }]',
      'models/silver/readings.sql': readings,
      'models/silver/shown.sql': 'select * from {{ref "readings"}}',
      'models/gold/days.sql': days(1),
    });
    expect((await files.run(database.warehouse, { now })).ok).toBe(true);
  });
  afterEach(() => files.dispose());

  const rows = (sql: string) => rowsOf(database.warehouse, sql);
  const expire = (dryRun = false, at = now) =>
    expireRows(files.compile(), database.warehouse, { dryRun, clock: () => at });
  const all = 'select day_key, total::int, before::int from public.days order by day_key';

  it('deletes what is older, in silver and in gold, each by its own period; a dry run only counts', async () => {
    const before = await rows(all);
    const expected = [
      { model: 'days', before: '2024-05-26T00:00:00.000Z', rows: 10 },
      { model: 'readings', before: '2024-06-05T00:00:00.000Z', rows: 79 },
    ];
    expect(await expire(true)).toEqual(expected);
    expect(await rows(all)).toEqual(before);
    expect(await rows('select count(*)::int as n from public.readings')).toEqual([{ n: 120 }]);
    expect(await expire()).toEqual(expected);
    expect(await rows(`select min(at)::date::text as first, count(*)::int as n from public.readings`)).toEqual([
      { first: '2024-06-05', n: 41 },
    ]);
    expect(await rows(all)).toEqual(before.filter(({ day_key }) => Number(day_key) >= 20240526));
    expect((await expire()).map(({ rows: gone }) => gone)).toEqual([0, 0]);
  });

  it('what is gone from silver stays in gold when gold is rebuilt', async () => {
    await expire();
    const kept = await rows(all);
    expect(
      resultOf(await files.run(database.warehouse, { now, fullRefresh: true, select: ['days'] }), 'days'),
    ).toMatchObject({
      inserted: 0,
      updated: 0,
      deleted: 0,
    });
    expect(await rows(all)).toEqual(kept);
    // Changed SQL: what can be created again is, what cannot stays as it was.
    files.write({ 'models/gold/days.sql': days(2) });
    expect((await files.run(database.warehouse, { now })).ok).toBe(true);
    expect(await rows(all)).toEqual(
      kept.map((row) => (Number(row.day_key) < 20240606 ? row : { ...row, total: Number(row.total) * 2 })),
    );
    expect(kept.some((row) => Number(row.day_key) < 20240606)).toBe(true);
    expect(kept.some((row) => Number(row.day_key) >= 20240606)).toBe(true);
  });

  it('what staging still has comes back in all that is made of it when everything is rebuilt', async () => {
    files.write({
      'models/gold/parity.sql': `{{config materialized="incremental" unique_key="is_even"}}
select value % 2 = 0 as is_even, count(*) as n from {{ref "readings"}} group by 1`,
    });
    expect((await files.run(database.warehouse, { now })).ok).toBe(true);
    await expire();
    const { results } = await files.run(database.warehouse, { now, fullRefresh: true, select: ['readings', 'parity'] });
    expect(results.flatMap(({ error }) => error?.message ?? [])).toEqual([]);
    expect(await rows('select sum(n)::int as n from public.parity')).toEqual([{ n: 120 }]);
  });

  it('deletes nothing of a model that is not built yet, and stops when interrupted', async () => {
    files.write({ 'models/silver/later.sql': readings });
    expect((await expire(true)).map(({ model }) => model)).toEqual(['days', 'readings']);
    const stop = AbortSignal.abort();
    const compiled = files.compile();
    expect(await expireRows(compiled, database.warehouse, { dryRun: false, clock: () => now, signal: stop })).toEqual(
      [],
    );
    expect(await rows('select count(*)::int as n from public.readings')).toEqual([{ n: 120 }]);
  });

  it('says what is wrong with an event_time of another type', async () => {
    files.write({ 'models/gold/days.sql': days(1).replace('event_time="day_key"', 'event_time="label"') });
    await expect(expire()).rejects.toThrow('days: event_time "label" is of type text');
    files.write({ 'models/gold/days.sql': days(1).replace('event_time="day_key"', 'event_time="dey"') });
    await expect(expire()).rejects.toThrow('days: event_time "dey" is no column of the table');
  });

  it('waits for nobody: a run that is going on is named', async () => {
    if (kind.name !== 'PostgreSQL') return;
    const outcome = await database.warehouse.exclusive('run', () => expire().catch((error: Error) => error.message));
    expect(outcome).toMatchObject({ held: true, value: expect.stringContaining('a run is going on in this database') });
  });
});
