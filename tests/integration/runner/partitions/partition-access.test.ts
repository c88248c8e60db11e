import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openWarehouse } from '../../../../warehouse/open.ts';
import { type DatabaseKind, oneDatabase, type TestDatabase } from '../../databases.ts';
import { rowsOf } from '../../temporary-project.ts';
import { PartitionedVisits } from './partitioned-visits.ts';

const merged = 'materialized: incremental, unique_key: [id, at], partition_by: { column: at, granularity: month }';
const guarded = `${merged}, row_security: { column: home, access: who_sees }`;
const columns = '    columns: [{ name: home, data_type: int }]\n';

describe.each(oneDatabase)('readers of a partitioned table on $name', (kind: DatabaseKind) => {
  let database: TestDatabase;
  let visits: PartitionedVisits;
  const id = randomBytes(4).toString('hex');
  const reader = `reader_${id}`;
  const owner = `owner_${id}`;

  beforeAll(async () => {
    database = await kind.open();
    for (const role of [reader, owner]) await rowsOf(database.warehouse, `create role ${role} login`);
  });
  afterEach(async () => {
    await visits.rows(`alter default privileges in schema shown revoke select on tables from ${reader}`);
    await visits.dispose();
    await visits.rows('drop schema access cascade');
  });
  afterAll(async () => {
    for (const role of [reader, owner]) {
      await rowsOf(database.warehouse, `drop owned by ${role}`);
      await rowsOf(database.warehouse, `drop role ${role}`);
    }
    await database.drop();
  });

  const build = async (config: string, warehouse = database.warehouse, change = (sql: string) => sql) => {
    visits.configure(config, columns);
    const model = join(visits.project.root, 'models/visits.sql');
    writeFileSync(model, change(readFileSync(model, 'utf8')));
    visits.project.write({
      'models/who_sees.sql': `{{config materialized="table" unique_key="principal, home" schema="access"}}select '${reader}' as principal, 1 as home`,
      'models/who_sees.yml':
        'models: [{ name: who_sees, columns: [{ name: principal, data_type: text }, { name: home, data_type: int }] }]',
    });
    const summary = await visits.project.run(warehouse, { command: 'run' });
    expect(summary.results.flatMap(({ error }) => error?.message ?? [])).toEqual([]);
  };
  const asReader = (sql: string) =>
    database.warehouse.transaction(async (session) => {
      await session.query(`set local role ${reader}`);
      return (await session.query(sql)).rows;
    });
  const guards = () =>
    visits.rows(
      `select c.relname, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
           (select count(*)::int from pg_policy where polrelid = c.oid) as policies
       from pg_class as c where c.relispartition and c.relkind = 'r' order by 1`,
    );
  const start = async () => {
    visits = await PartitionedVisits.make(database.warehouse, merged);
    await visits.rows('create schema access');
    await visits.rows(`grant usage on schema shown to ${reader}`);
    await visits.rows(`alter default privileges in schema shown grant select on tables to ${reader}`);
    await visits.load([
      { id: 1, at: '2023-10-01T00:00Z', value: 1 },
      { id: 2, at: '2023-10-02T00:00Z', value: 2 },
    ]);
  };
  it('see their rows through the table and none past it, as row security comes and goes', async () => {
    await start();
    await build(guarded);
    await build(guarded);
    await visits.load([{ id: 4, at: '2023-11-01T00:00Z', value: 4 }]);
    await build(guarded);
    const shut = (month: number, forced: boolean) => ({
      relname: `visits_2023_${month}`,
      enabled: true,
      forced,
      policies: forced ? 1 : 0,
    });
    expect(await guards()).toEqual([shut(10, true), shut(11, true)]);
    expect(await asReader('select id from shown.visits order by id')).toEqual([{ id: 2 }, { id: 4 }]);
    await visits.rows(`grant select on all tables in schema shown to ${reader}`);
    for (const month of [10, 11]) expect(await asReader(`select * from shown.visits_2023_${month}`)).toEqual([]);
    await build(merged);
    expect(await guards()).toEqual([shut(10, false), shut(11, false)]);
    await expect(asReader('select * from shown.visits_2023_10')).rejects.toThrow('permission denied');
    await build(guarded);
    expect(await guards()).toEqual([shut(10, true), shut(11, true)]);
  });

  it.runIf(kind.name === 'PostgreSQL')('never wait while partitions are made', async () => {
    await start();
    await build(merged);
    let done = false;
    const seen = { reads: 0 };
    const read = async () => {
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      // A session that has to wait for a build is recorded. A commit shows the partition a moment before it lets go of it.
      await client.query('set lock_timeout = 400');
      try {
        for (; !done; await sleep(2)) {
          const { rows } = await client.query('select count(*)::int as n from shown.visits');
          seen.reads += 1;
          expect(rows[0]?.n).toBeGreaterThanOrEqual(2);
        }
      } finally {
        await client.end();
      }
    };
    const reading = Promise.all([read(), read()]);
    try {
      for (let month = 0; month < 8; month += 1) {
        await visits.load([{ id: 4, at: new Date(Date.UTC(2024, month)).toISOString(), value: month }]);
        await build(`${merged}, post_hook: select pg_sleep(0.5)`);
      }
    } finally {
      done = true;
      await reading;
    }
    expect((await visits.partitions()).length).toBe(9);
    expect(seen.reads).toBeGreaterThan(100);
  });

  it.runIf(kind.name === 'PostgreSQL')('wait only while two tables change places', async () => {
    await start();
    await visits.rows('create schema byhand');
    const plain = 'materialized: table, unique_key: [id, at], indexes: [{ columns: home }]';
    await build(plain);
    await visits.rows('create view byhand.seen as select count(*)::int as n from shown.visits');
    let done = false;
    const seen = { reads: 0 };
    const read = async (from: string) => {
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      // The server counts, since this process has builds to do besides. A query of a build alone takes two seconds.
      await client.query('set lock_timeout = 1500');
      try {
        for (; !done; await sleep(2)) {
          const { rows } = await client.query(`select n from ${from}`);
          seen.reads += 1;
          expect(rows[0]?.n).toBe(2);
        }
      } finally {
        await client.end();
      }
    };
    const reading = Promise.all([read('byhand.seen'), read('(select count(*)::int as n from shown.visits) as v')]);
    const slowly = (sql: string) => sql.replace('order by', 'cross join pg_sleep(2)\norder by');
    try {
      for (const granularity of ['month', 'day'])
        await build(`${plain}, partition_by: { column: at, granularity: ${granularity} }`, database.warehouse, slowly);
      await build(plain, database.warehouse, slowly);
    } finally {
      done = true;
      await reading;
    }
    expect(seen.reads).toBeGreaterThan(100);
  });

  it.runIf(kind.name === 'PostgreSQL')(
    'are not the owner, who sees every partition whole, as a backup has to',
    async () => {
      await start();
      const admin = database.warehouse;
      await admin.query(`grant create on database ${new URL(database.url ?? '').pathname.slice(1)} to ${owner}`);
      for (const schema of ['shown', 'access', 'raw']) await admin.query(`alter schema ${schema} owner to ${owner}`);
      await admin.query(`alter table raw.visits owner to ${owner}`);
      const url = Object.assign(new URL(database.url ?? ''), { username: owner }).href;
      const own = await openWarehouse({ url, folder: '', purpose: 'test', concurrency: 4, settings: {} });
      try {
        await build(guarded, own);
        await visits.load([{ id: 4, at: '2023-11-01T00:00Z', value: 4 }]);
        await build(guarded, own);
        const count = (from: string) => rowsOf(own, `select count(*)::int as n from ${from}`);
        expect(await count('shown.visits_2023_10')).toEqual([{ n: 2 }]);
        expect(await count('shown.visits_2023_11')).toEqual([{ n: 1 }]);
        expect(await count('shown.visits')).toEqual([{ n: 3 }]);
      } finally {
        await own.close();
      }
    },
  );
});
