import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { oneDatabase, type TestDatabase } from '../../databases.ts';
import { resultOf, rowsOf } from '../../temporary-project.ts';
import { PartitionedVisits } from './partitioned-visits.ts';

const plain = 'materialized: incremental, unique_key: [id, at]';
const monthly = `${plain}, partition_by: { column: at, granularity: month }`;
const daily = monthly.replace('month', 'day');
const november = `for values from ('2023-11-01 00:00Z') to ('2023-12-01 00:00Z')`;

describe.each(oneDatabase)('a change by hand of partitions on $name', ({ name, open }) => {
  let database: TestDatabase;
  let visits: PartitionedVisits;
  const [reader, other] = ['reader', 'other'].map((who) => `by_hand_${who}_${randomBytes(4).toString('hex')}`);

  beforeAll(async () => {
    database = await open();
    for (const role of [reader, other]) await rowsOf(database.warehouse, `create role ${role}`);
  });
  beforeEach(async () => {
    visits = await PartitionedVisits.make(database.warehouse, monthly);
    await visits.rows('create schema byhand');
    await visits.load([
      { id: 1, at: '2023-10-05T10:00Z', value: 1 },
      { id: 2, at: '2023-12-01T00:00Z', value: 2 },
    ]);
    expect(await build()).toEqual([2, 0, 0]);
  });
  afterEach(() => visits.dispose());
  afterAll(async () => {
    for (const role of [reader, other]) {
      await rowsOf(database.warehouse, `drop owned by ${role}`);
      await rowsOf(database.warehouse, `drop role ${role}`);
    }
    await database.drop();
  });

  const build = async (config?: string) => {
    if (config !== undefined) visits.configure(config);
    const summary = await visits.project.run(database.warehouse, { command: 'run' });
    const { error, inserted, updated, deleted } = resultOf(summary, 'visits');
    return error?.message ?? [inserted, updated, deleted];
  };
  const inNovember = () => visits.load([{ id: 3, at: '2023-11-11T00:00Z', value: 3 }]);
  const placeOf = async (id: number) => {
    const [row] = await visits.rows(`select tableoid::regclass::text as part from shown.visits where id = ${id}`);
    return row?.part;
  };
  const as = (role: string | undefined, sql: string) =>
    database.warehouse.transaction(async (session) => {
      await session.query(`set local role ${role}`);
      return (await session.query(sql)).rows;
    });

  it('uses partitions of other names, bounds and schemas', async () => {
    await visits.rows('alter table shown.visits_2023_10 rename to october');
    await visits.rows('alter table shown.visits_2023_12 set schema byhand');
    await visits.rows(
      `create table shown.late partition of shown.visits for values from ('2024-01-01 00:00Z') to (maxvalue)`,
    );
    await visits.load([
      { id: 1, at: '2023-10-05T10:00Z', value: 7 },
      { id: 2, at: '2023-12-01T00:00Z', value: 7 },
      { id: 3, at: '2024-05-05T00:00Z', value: 7 },
    ]);
    expect(await build()).toEqual([1, 2, 0]);
    expect([await placeOf(1), await placeOf(2), await placeOf(3)]).toEqual([
      'shown.october',
      'byhand.visits_2023_12',
      'shown.late',
    ]);
    expect(await build(daily)).toEqual([0, 0, 0]);
    expect(await placeOf(3)).toBe('shown.visits_2024_05_05');
  });

  it('takes over a table that was partitioned by the same column', async () => {
    await visits.rows('drop table shown.visits');
    await visits.rows('drop schema datacycle cascade');
    await visits.rows(
      `create table shown.visits (id int, at timestamptz, value int, home int, load_id bigint) partition by range (at)`,
    );
    await visits.rows(
      `create table shown.y2023 partition of shown.visits for values from ('2023-01-01Z') to ('2024-01-01Z')`,
    );
    await visits.load([{ id: 3, at: '2024-01-01T00:00Z', value: 3 }]);
    expect(await build()).toEqual([3, 0, 0]);
    expect([await placeOf(1), await placeOf(3)]).toEqual(['shown.y2023', 'shown.visits_2024_01']);
  });

  it.each([
    [`for values from ('2023-11-10Z') to ('2023-11-20Z')`, 'holds a part of its time'],
    ['default', 'is the default partition'],
  ])('refuses a partition that would meet another: %s', async (bounds, why) => {
    await visits.rows(`create table shown.autumn partition of shown.visits ${bounds}`);
    await inNovember();
    expect(await build()).toBe(
      `visits needs a partition shown.visits_2023_11, and shown.autumn, which was created by hand, ${why}`,
    );
    await visits.rows('alter table shown.visits detach partition shown.autumn');
    expect(await build()).toEqual([1, 0, 0]);
  });

  it.runIf(name === 'PostgreSQL')('puts no row where a broken off detaching hides it', async () => {
    const [client, blocker] = [0, 1].map(() => new pg.Client({ connectionString: database.url }));
    if (client === undefined || blocker === undefined) throw new Error('there are two');
    await Promise.all([client.connect(), blocker.connect()]);
    try {
      await blocker.query('begin');
      await blocker.query('select from shown.visits');
      await client.query('set statement_timeout = 200');
      const detach = 'alter table shown.visits detach partition shown.visits_2023_10';
      await expect(client.query(`${detach} concurrently`)).rejects.toThrow('timeout');
      await blocker.query('rollback');
      await visits.load([{ id: 4, at: '2023-10-06T00:00Z', value: 4 }]);
      expect(await build()).toContain('needs a partition shown.visits_2023_10, and something else has that name');
      await client.query(`${detach} finalize`);
      await client.query(
        `alter table shown.visits attach partition shown.visits_2023_10 for values from ('2023-10-01 00:00Z') to ('2023-11-01 00:00Z')`,
      );
      expect(await build()).toEqual([1, 0, 0]);
    } finally {
      await Promise.all([client.end(), blocker.end()]);
    }
  });

  it('shuts what a partition was cut into, and names what depends on it', async () => {
    await visits.rows(`create table shown.nov partition of shown.visits ${november} partition by range (at)`);
    await visits.rows(`create table shown.nov_all partition of shown.nov ${november}`);
    await visits.rows(`grant usage on schema shown to ${reader}`);
    await visits.rows(`grant select on shown.nov_all to ${reader}`);
    await inNovember();
    expect(await build()).toEqual([1, 0, 0]);
    expect(await placeOf(3)).toBe('shown.nov_all');
    await expect(as(reader, 'select from shown.nov_all')).rejects.toThrow('permission denied');
    await visits.rows('create view byhand.seen as select id from shown.nov_all');
    expect(await build(daily)).toContain('\n  view byhand.seen');
    await visits.rows('drop view byhand.seen');
    expect(await build(daily)).toEqual([0, 0, 0]);
    expect(await placeOf(3)).toBe('shown.visits_2023_11_11');
  });

  it('takes privileges away also from those to whom they were passed on', async () => {
    await visits.rows(`grant usage on schema shown to ${reader}, ${other}`);
    await visits.rows(`grant select on shown.visits_2023_10 to ${reader} with grant option`);
    await as(reader, `grant select on shown.visits_2023_10 to ${other}`);
    expect(await build()).toEqual([0, 0, 0]);
    for (const role of [reader, other])
      await expect(as(role, 'select from shown.visits_2023_10')).rejects.toThrow('permission denied');
  });

  it.each([
    ['the policy datacycle_by_hand', 'create policy datacycle_by_hand on shown.visits_2023_10 using (true)'],
    [
      'the trigger by_hand',
      `create function byhand.nothing() returns trigger language plpgsql as 'begin return null; end';
      create trigger by_hand after update on shown.visits_2023_10 for each statement execute function byhand.nothing()`,
    ],
    ['the statistics pair', 'create statistics shown.pair on id, home from shown.visits_2023_10'],
  ])('does not lose %s of a partition where the table becomes something else', async (what, statements) => {
    for (const statement of statements.split(';\n')) await visits.rows(statement);
    expect(await build('materialized: view')).toContain(`would become a view, but ${what} would be lost`);
    expect(await build(plain)).toContain(what.replace(/^the (\w+) /, ''));
    expect(await placeOf(1)).toBe('shown.visits_2023_10');
  });

  it('keeps the table from becoming another kind while a partition has a constraint or an index of its own', async () => {
    await visits.rows('alter table shown.visits_2023_10 add constraint positive check (value > 0)');
    await visits.rows('create index by_value on shown.visits_2023_12 (value)');
    await visits.rows('create index by_home on shown.visits (home)');
    expect(await build('materialized: materialized_view, unique_key: [id, at]')).toBe(
      'shown.visits is an incremental model and would become a materialized view, but the constraint positive of a partition and the index by_value of a partition would be lost',
    );
    await visits.rows('alter table shown.visits_2023_10 drop constraint positive');
    await visits.rows('drop index shown.by_value');
    expect(await build()).toEqual([2, 0, 0]);
    expect(await visits.rows(`select indexname from pg_indexes where indexname = 'by_home'`)).toHaveLength(1);
  });

  it('copies nothing to new partitions that would then have to be dropped by hand', async () => {
    await visits.rows('create statistics shown.pair on id, home from shown.visits');
    await inNovember();
    expect(await build()).toEqual([1, 0, 0]);
    expect(
      String(await build(plain))
        .split('\n')
        .slice(1),
    ).toEqual(['  statistics object shown.pair']);
  });
});
