import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openWarehouse } from '../../../warehouse/open.ts';
import type { Row } from '../../../warehouse/warehouse.ts';
import { bundled } from '../bundled.ts';
import { databases, type TestDatabase } from '../databases.ts';
import { resultOf, rowsOf, TemporaryProject } from '../temporary-project.ts';

const sources = 'sources: [{ name: raw, tables: [{ name: events }] }]';
const newLoads = '{{#incremental}}where load_id > {{high_water "raw.events"}}{{/incremental}}';
const schemas = ['raw', 'datacycle', 'public', 'seeds'];

async function reset(database: TestDatabase): Promise<void> {
  for (const schema of schemas) await database.warehouse.query(`drop schema if exists ${schema} cascade`);
  await database.warehouse.query('create schema public');
  await database.warehouse.query('create schema raw');
  await database.warehouse.query('create table raw.events (load_id bigint, id int, room text, value double precision)');
}

const land = (database: TestDatabase, load: number, rows: string) =>
  database.warehouse.query(`insert into raw.events select ${load}, v.* from (values ${rows}) as v`);

describe.each(databases)('the promises on $name', (kind) => {
  let database: TestDatabase;
  let project: TemporaryProject;
  beforeAll(async () => {
    database = await kind.open();
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    await reset(database);
    project = new TemporaryProject({ 'models/sources.yml': sources });
  });
  afterEach(() => project.dispose());

  const rows = (sql: string) => rowsOf(database.warehouse, sql);
  /** Everything that a model's transaction changes, but for the result of the run itself. */
  const everything = async (table: string): Promise<Record<string, readonly Row[]>> => ({
    rows: await rows(`select * from ${table} order by id`),
    model: await rows('select * from datacycle.model order by model'),
    highWater: await rows('select * from datacycle.high_water order by model, upstream'),
    keys: await rows('select * from datacycle.surrogate_key order by model, key'),
    objects: await rows(`select conname from pg_constraint where conrelid = '${table}'::regclass order by conname`),
  });

  describe('1: one model, one transaction', () => {
    const model = (yml: string) => ({
      'models/m.sql': `{{config materialized="incremental" unique_key="id" surrogate_key="m_key"}}select id, room, value, load_id from {{source "raw" "events"}} ${newLoads}`,
      'models/m.yml': `models: [{ name: m, constraints: [${yml}] }]`,
    });

    it.each([
      ['an increment whose rows break a constraint', false],
      ['a full refresh whose rows break a constraint', true],
    ])('%s leaves rows, keys, high-water mark and structure as they were', async (_name, fullRefresh) => {
      project.write(model('{ type: check, expression: value >= 0 }'));
      await land(database, 1, `(1, 'a', 1.0)`);
      expect((await project.run(database.warehouse)).ok).toBe(true);
      const before = await everything('public.m');
      await land(database, 2, `(2, 'b', 2.0), (3, 'b', -1.0)`);
      const failed = await project.run(database.warehouse, { fullRefresh });
      expect(resultOf(failed, 'm').error?.message).toContain('violates check constraint');
      expect(await everything('public.m')).toEqual(before);
      expect(await rows('select run_id, status, rows_inserted from datacycle.run_result order by run_id')).toEqual([
        { run_id: 'run-1', status: 'success', rows_inserted: 1 },
        { run_id: 'run-2', status: 'error', rows_inserted: null },
      ]);
      await database.warehouse.query('update raw.events set value = 0 where value < 0');
      expect(resultOf(await project.run(database.warehouse), 'm')).toMatchObject({ status: 'success', inserted: 2 });
    });

    it('a constraint that the rows of a rebuild break, declared last of all, takes everything back', async () => {
      project.write(model('{ type: check, expression: value >= 0 }'));
      await land(database, 1, `(1, 'a', 1.0)`);
      await project.run(database.warehouse);
      const before = await everything('public.m');
      await land(database, 2, `(1, 'a', 5.0), (2, 'a', 5.0)`);
      await database.warehouse.query('delete from raw.events where load_id = 1');
      project.write(model('{ type: unique, columns: value }'));
      const failed = await project.run(database.warehouse, { fullRefresh: true });
      expect(resultOf(failed, 'm').status).toBe('error');
      expect(await everything('public.m')).toEqual(before);
    });
  });

  describe('4: keys stay', () => {
    const keys = () => rows('select room, room_key from public.rooms order by room');
    beforeEach(async () => {
      project.write({
        'models/rooms.sql': `{{config materialized="table" unique_key="room" surrogate_key="room_key"}}select distinct room from {{source "raw" "events"}}`,
      });
      await land(database, 1, `(1, 'c', 1.0), (2, 'a', 1.0)`);
      await project.run(database.warehouse);
      expect(await keys()).toEqual([
        { room: 'a', room_key: 1 },
        { room: 'c', room_key: 2 },
      ]);
    });

    it('over a full refresh, with new rooms before, between and behind', async () => {
      await land(database, 2, `(3, 'b', 1.0), (4, 'Z', 1.0)`);
      await project.run(database.warehouse, { fullRefresh: true });
      expect(await keys()).toEqual(
        expect.arrayContaining([
          { room: 'a', room_key: 1 },
          { room: 'c', room_key: 2 },
        ]),
      );
      expect((await keys()).map((row) => row.room_key).sort()).toEqual([1, 2, 3, 4]);
    });

    it('for a room that was gone for a while', async () => {
      await database.warehouse.query(`delete from raw.events where room = 'a'`);
      await land(database, 2, `(3, 'b', 1.0)`);
      await project.run(database.warehouse);
      await land(database, 3, `(4, 'a', 1.0)`);
      await project.run(database.warehouse);
      expect(await keys()).toEqual([
        { room: 'a', room_key: 1 },
        { room: 'b', room_key: 3 },
        { room: 'c', room_key: 2 },
      ]);
    });

    it('over a drop of the table by hand', async () => {
      await database.warehouse.query('drop table public.rooms');
      await land(database, 2, `(3, 'b', 1.0)`);
      await project.run(database.warehouse);
      expect(await keys()).toEqual([
        { room: 'a', room_key: 1 },
        { room: 'b', room_key: 3 },
        { room: 'c', room_key: 2 },
      ]);
    });

    it('over the loss of schema datacycle', async () => {
      await database.warehouse.query(`delete from raw.events where room = 'a'`);
      await project.run(database.warehouse);
      await database.warehouse.query('drop schema datacycle cascade');
      await land(database, 2, `(3, 'b', 1.0)`);
      expect((await project.run(database.warehouse)).ok).toBe(true);
      expect(await keys()).toEqual([
        { room: 'b', room_key: 3 },
        { room: 'c', room_key: 2 },
      ]);
    });

    it('of a table that gets them only now are handed out', async () => {
      project.write({
        'models/late.sql':
          '{{config materialized="table" unique_key="room"}}select distinct room from {{source "raw" "events"}}',
      });
      await project.run(database.warehouse);
      project.write({
        'models/late.sql':
          '{{config materialized="table" unique_key="room" surrogate_key="late_key"}}select distinct room from {{source "raw" "events"}}',
      });
      expect(resultOf(await project.run(database.warehouse), 'late').error).toBeUndefined();
      expect(await rows('select room, late_key from public.late order by room')).toEqual([
        { room: 'a', late_key: 1 },
        { room: 'c', late_key: 2 },
      ]);
    });
  });

  describe('7: a NULL or a duplicate in unique_key fails the model with the offending key', () => {
    const select = 'select id, room from {{source "raw" "events"}}';
    it.each([
      ['a table', 'materialized="table" unique_key="id"'],
      ['a table with a surrogate key', 'materialized="table" unique_key="id" surrogate_key="k"'],
      ['a merge', 'materialized="incremental" unique_key="id"'],
      ['a merge with a surrogate key', 'materialized="incremental" unique_key="id" surrogate_key="k"'],
      ['a delete+insert', 'materialized="incremental" incremental_strategy="delete+insert" unique_key="id"'],
      ['an append with a key', 'materialized="incremental" incremental_strategy="append" unique_key="id"'],
    ])('in %s, which keeps its rows', async (_name, config) => {
      project.write({
        'models/m.sql': `{{config ${config}}}${select} ${config.includes('incremental') ? newLoads : ''}`,
      });
      await land(database, 1, `(1, 'a', 1.0)`);
      expect((await project.run(database.warehouse)).ok).toBe(true);
      for (const [bad, message] of [
        [`(null::int, 'b', 1.0)`, 'unique_key of m is NULL in (id=NULL)'],
        [`(7, 'b', 1.0), (7, 'c', 1.0)`, 'unique_key of m is not unique: (id=7) stands 2 times'],
      ] as const) {
        for (const fullRefresh of [false, true]) {
          await database.warehouse.query('delete from raw.events where load_id = 2');
          await land(database, 2, bad);
          const result = resultOf(await project.run(database.warehouse, { fullRefresh }), 'm');
          expect(result.error?.message).toBe(message);
          expect(await rows('select id, room from public.m')).toEqual([{ id: 1, room: 'a' }]);
        }
      }
    });

    it.each([
      ['NULL', 'id,room\n1,a\n,b\n', 'unique_key of rooms is NULL in (id=NULL)'],
      ['doubled', 'id,room\n1,a\n1,b\n', 'unique_key of rooms is not unique: (id=1) stands 2 times'],
    ])('in a seed (%s), also on its first load', async (_name, csv, message) => {
      project.write({
        'seeds/rooms.csv': csv,
        'seeds/rooms.yml': 'seeds: [{ name: rooms, config: { unique_key: id } }]',
      });
      expect(resultOf(await project.run(database.warehouse), 'rooms').error?.message).toBe(message);
      expect(await rows(`select to_regclass('seeds.rooms') as there`)).toEqual([{ there: null }]);
    });
  });

  describe('8: one run at a time', () => {
    it('a second run at once is refused and told who runs', async () => {
      project.write({
        'models/slow.sql': '{{config materialized="table"}}select 1 as one, pg_sleep(0.5) is null as x',
      });
      const both = await Promise.allSettled([project.run(database.warehouse), project.run(database.warehouse)]);
      // Which of the two comes first is up to the server.
      const [first, second] = both.sort((a, b) => a.status.localeCompare(b.status));
      expect(first).toMatchObject({ status: 'fulfilled', value: { ok: true } });
      expect(second).toMatchObject({
        status: 'rejected',
        reason: {
          message: expect.stringMatching(
            new RegExp(`^another run is going on in this database: datacycle test pid ${process.pid} on `),
          ),
          exitCode: 1,
        },
      });
      expect((await project.run(database.warehouse)).ok).toBe(true);
    });

    it('a run that threw has given the lock back', async () => {
      await expect(
        database.warehouse.exclusive('run', () => Promise.reject(new Error('out of memory'))),
      ).rejects.toThrow('out of memory');
      expect((await project.run(database.warehouse)).ok).toBe(true);
    });
  });

  describe('9: a failed model skips what depends on it, and nothing else', () => {
    const chain = {
      'models/bad.sql': 'select x from no_such_table',
      'models/after.sql': 'select * from {{ref "bad"}}',
      'models/after_that.sql': 'select * from {{ref "after"}} cross join {{ref "good"}}',
      'models/good.sql': 'select 1 as one',
      'models/zoo.sql': 'select * from {{ref "good"}}',
    };
    const statuses = async (options: Parameters<TemporaryProject['run']>[1]) => {
      const summary = await project.run(database.warehouse, options);
      const byName = summary.results.map(({ node, status, message }) => [
        node.name,
        status === 'error' ? status : `${status}${status === 'skipped' ? ` because ${message}` : ''}`,
      ]);
      return { ok: summary.ok, ...Object.fromEntries(byName) };
    };

    it('the rest finishes, and the run has failed', async () => {
      project.write(chain);
      for (const threads of [1, 8])
        expect(await statuses({ threads })).toEqual({
          ok: false,
          bad: 'error',
          after: 'skipped because bad failed',
          after_that: 'skipped because bad failed',
          good: 'success',
          zoo: 'success',
        });
      expect(await rows("select node, status from datacycle.run_result where run_id = 'run-1' order by node")).toEqual([
        { node: 'after', status: 'skipped' },
        { node: 'after_that', status: 'skipped' },
        { node: 'bad', status: 'error' },
        { node: 'good', status: 'success' },
        { node: 'zoo', status: 'success' },
      ]);
    });

    it('with --fail-fast nothing new begins after the first failure', async () => {
      project.write(chain);
      expect(await statuses({ threads: 1, failFast: true })).toEqual({
        ok: false,
        bad: 'error',
        after: 'skipped because bad failed',
        after_that: 'skipped because bad failed',
        good: 'skipped because the run was stopped',
        zoo: 'skipped because the run was stopped',
      });
    });

    it('bad rows hold back what reads them, but not what only points at them', async () => {
      project.write({
        'models/dim.sql': '{{config materialized="table" unique_key="id"}}select 1 as id, -1 as price',
        'models/through.sql': '{{config materialized="ephemeral"}}select * from {{ref "dim"}}',
        'models/reader.sql': 'select * from {{ref "through"}}',
        'models/fact.sql': '{{config materialized="table"}}select 1 as id',
        'models/x.yml': "models: [{ name: fact, constraints: [{ type: foreign_key, columns: id, to: ref('dim') }] }]",
        'tests/data/price.sql': 'select * from {{ref "dim"}} where price < 0',
      });
      expect(await statuses({})).toEqual({
        ok: false,
        dim: 'success',
        price: 'fail',
        reader: 'skipped because price failed',
        fact: 'success',
      });
    });

    it('a warning holds nothing back and does not fail the run', async () => {
      project.write({
        'models/dim.sql': 'select -1 as price',
        'models/reader.sql': 'select * from {{ref "dim"}}',
        'tests/data/price.sql': '{{config severity="warn"}}select * from {{ref "dim"}} where price < 0',
      });
      expect(await statuses({})).toEqual({ ok: true, dim: 'success', price: 'warn', reader: 'success' });
    });
  });
});

const server = databases.find((kind) => kind.name === 'PostgreSQL');

describe.runIf(server)('the promises to others that use the server at the same time', () => {
  let database: TestDatabase;
  let project: TemporaryProject;
  beforeEach(async () => {
    if (server === undefined) return;
    database = await server.open();
    await reset(database);
    project = new TemporaryProject({ 'models/sources.yml': sources });
  });
  afterEach(async () => {
    project.dispose();
    await database.drop();
  });

  it('3: a reader in a loop beside 15 full refreshes sees old rows or new rows, and what was made by hand stays', async () => {
    project.write({
      'models/rooms.sql': `{{config materialized="table" unique_key="room" surrogate_key="room_key"}}
select room, min(version) as version from {{ref "numbered"}} group by room`,
      'models/facts.sql': `{{config materialized="incremental" unique_key="id"}}
select n.id, r.room_key, n.version from {{ref "numbered"}} as n join {{ref "rooms"}} as r using (room)`,
      'models/facts.yml':
        "models: [{ name: facts, constraints: [{ type: foreign_key, columns: room_key, to: ref('rooms') }] }]",
      'models/unkeyed.sql': '{{config materialized="table"}}select id, version from {{ref "numbered"}}',
      'models/report.sql':
        'select f.id, f.version, r.room from {{ref "facts"}} as f join {{ref "rooms"}} as r using (room_key)',
      'models/numbered.sql': 'select id, room, value::int as version from {{source "raw" "events"}}',
    });
    const change = async (version: number) => {
      await database.warehouse.query('truncate raw.events');
      await database.warehouse.query(
        `insert into raw.events select 1, id, 'room ' || (id + ${version}) % 7, ${version}
         from generate_series(${version} * 100, ${version} * 100 + 2000) as id`,
      );
    };
    await change(0);
    expect((await project.run(database.warehouse)).ok).toBe(true);
    for (const statement of [
      'create view public.by_hand as select version, count(*) as n from public.facts group by version',
      'create view public.on_report as select * from public.report',
      'create index made_by_hand on public.facts (version, id)',
      'alter table public.facts add constraint checked_by_hand check (id >= 0)',
      'create role reader_by_hand',
      'grant select on public.facts, public.rooms, public.report to reader_by_hand',
    ])
      await database.warehouse.query(statement);

    const reader = new pg.Client({ connectionString: database.url });
    await reader.connect();
    let stop = false;
    const seen = { facts: new Set<string>(), reads: 0, mixed: 0, empty: 0 };
    const reading = (async () => {
      while (!stop) {
        for (const table of ['facts', 'report', 'by_hand', 'on_report', 'unkeyed', 'rooms']) {
          const { rows } = await reader.query(`select distinct version from public.${table}`);
          seen.reads += 1;
          if (rows.length === 0) seen.empty += 1;
          if (rows.length > 1 && table !== 'rooms') seen.mixed += 1;
          if (table === 'facts') seen.facts.add(String(rows[0]?.version));
        }
      }
    })();
    try {
      for (let version = 1; version <= 15; version += 1) {
        await change(version);
        const summary = await project.run(database.warehouse, { fullRefresh: true });
        expect(summary.results.map((result) => result.error)).toEqual(summary.results.map(() => undefined));
      }
    } finally {
      stop = true;
      await reading.finally(() => reader.end());
    }
    expect(seen).toMatchObject({ empty: 0, mixed: 0 });
    expect(seen.facts.size).toBeGreaterThan(3);
    expect(await rowsOf(database.warehouse, 'select version, n from public.by_hand')).toEqual([
      { version: 15, n: 2001 },
    ]);
    expect(
      await rowsOf(
        database.warehouse,
        `select to_regclass('public.made_by_hand') is not null as index,
            exists (select from pg_constraint where conname = 'checked_by_hand') as constraint,
            has_table_privilege('reader_by_hand', 'public.facts', 'select')
                and has_table_privilege('reader_by_hand', 'public.rooms', 'select')
                and has_table_privilege('reader_by_hand', 'public.report', 'select') as grants`,
      ),
    ).toEqual([{ index: true, constraint: true, grants: true }]);
    await database.warehouse.query('drop owned by reader_by_hand');
    await database.warehouse.query('drop role reader_by_hand');
  });

  it('8: the lock of a process that was killed is free again', async () => {
    const script = await bundled(new URL('./holding-process.ts', import.meta.url));
    const child = spawn(process.execPath, [script, database.url ?? ''], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(child.stdout, 'data');
      await expect(project.run(database.warehouse)).rejects.toThrow(
        new RegExp(
          `^another run is going on in this database: datacycle run pid ${child.pid} on .*server process \\d+`,
        ),
      );
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      // The server notices the closed connection at once, but not before this process goes on.
      await expect
        .poll(
          () =>
            project.run(database.warehouse).then(
              (run) => run.ok,
              () => false,
            ),
          { timeout: 10_000 },
        )
        .toBe(true);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('8: readers and tests of data are not locked out by a run', async () => {
    project.write({
      'models/quick.sql': '{{config materialized="table"}}select 1 as one',
      'models/slow.sql': '{{config materialized="table"}}select one, pg_sleep(1.5) is null as x from {{ref "quick"}}',
      'tests/data/t.sql': 'select * from {{ref "quick"}} where one <> 1',
    });
    await project.run(database.warehouse, { select: ['quick'] });
    const other = await openWarehouse({ url: database.url, folder: '', purpose: 'test', concurrency: 1 });
    try {
      let ended = false;
      const running = project.run(database.warehouse, { command: 'run', fullRefresh: true }).finally(() => {
        ended = true;
      });
      await sleep(300);
      const tested = await project.run(other, { command: 'test', select: ['t'] });
      expect(tested.results.map((result) => result.status)).toEqual(['pass']);
      expect(ended).toBe(false);
      expect((await running).ok).toBe(true);
    } finally {
      await other.close();
    }
  });
});
