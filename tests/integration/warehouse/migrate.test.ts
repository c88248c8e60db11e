import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureStaging, stagingMigrations } from '../../../loaders/landing/staging.ts';
import { readersOf } from '../../../runner/retention/source-readers.ts';
import { nothingCreated } from '../../../runner/state/created.ts';
import { ensureState, hasAuditRecords, stateMigrations } from '../../../runner/state/schema.ts';
import { type Migrations, migrate, readVersion, statements } from '../../../warehouse/migrate.ts';
import { databases, type TestDatabase } from '../databases.ts';
import { TemporaryProject } from '../temporary-project.ts';

const first = statements(['create table memory.first (n integer)', 'insert into memory.first values (1)']);
const second = statements(['alter table memory.first add column m integer default 2']);
const memory: Migrations = { schema: 'memory', lock: 0x6d656d6f, steps: [first, second] };

/** Schema `datacycle` as versions made it that gave it no number; as much of it as held rows. */
const unnumbered = [
  'create schema datacycle',
  `create table datacycle.model (model text primary key, relation text not null, materialized text not null,
       checksum text not null, generation bigint not null, objects text[] not null, built_at timestamptz not null)`,
  `create table datacycle.high_water (model text not null, upstream text not null, load_id bigint,
       upstream_version text not null, primary key (model, upstream))`,
  `create table datacycle.run (run_id text primary key, command text not null, target text not null,
       started_at timestamptz not null, finished_at timestamptz,
       status text not null check (status in ('running', 'success', 'error')))`,
  `insert into datacycle.model values ('a', 'gold.a', 'table', 'c', 7, '{a_pkey}', '2024-01-01Z')`,
  `insert into datacycle.high_water values ('a', 'staging.sensor_file', 41, 'source')`,
  `insert into datacycle.run values ('late', 'build', 'dev', '2024-01-02Z', '2024-01-02Z', 'success'),
       ('early', 'build', 'dev', '2024-01-01Z', '2024-01-01Z', 'error')`,
];

describe.each(databases)('migrations on $name', ({ open }) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await open();
  });
  afterEach(() => database.drop());
  const rows = async (sql: string) => (await database.warehouse.query(sql)).rows;
  const numbers = (schema: string) => rows(`select number from ${schema}.migration order by number`);

  it('are applied in order, once, and those that came later on top', async () => {
    await migrate(database.warehouse, { ...memory, steps: [first] });
    await migrate(database.warehouse, memory);
    await migrate(database.warehouse, memory);
    expect(await rows('select n, m from memory.first')).toEqual([{ n: 1, m: 2 }]);
    expect(await numbers('memory')).toEqual([{ number: 1 }, { number: 2 }]);
  });

  it('are applied once by processes that begin at the same moment', async () => {
    await Promise.all([1, 2, 3, 4].map(() => migrate(database.warehouse, memory)));
    expect(await rows('select n, m from memory.first')).toEqual([{ n: 1, m: 2 }]);
    expect(await numbers('memory')).toEqual([{ number: 1 }, { number: 2 }]);
  });

  it('let readers pass while a transaction of one of them blocks, and name it if it stays', async () => {
    const url = database.url;
    // One connection has no other in its way.
    if (url === undefined) return;
    await migrate(database.warehouse, { ...memory, steps: [first] });
    const [report, dashboard] = ['a report', 'a dashboard'].map(
      (application_name) => new pg.Client({ connectionString: url, application_name }),
    ) as [pg.Client, pg.Client];
    await Promise.all([report.connect(), dashboard.connect()]);
    try {
      await report.query('begin; select from memory.first');
      const migrating = migrate(database.warehouse, memory);
      await expect
        .poll(() => rows(`select 1 as n from pg_locks where not granted and relation = 'memory.first'::regclass`))
        .toEqual([{ n: 1 }]);
      const message = expect(migrate(database.warehouse, memory, 0)).rejects.toThrow(
        /^the schema memory is of an older version and cannot be changed while others hold its tables: a report \(server process \d+, user \S+, idle in transaction\)$/,
      );
      await dashboard.query(`set statement_timeout = '10s'; select from memory.first`);
      await message;
      await report.query('commit');
      await migrating;
      expect(await numbers('memory')).toHaveLength(2);
    } finally {
      await Promise.all([report.end(), dashboard.end()]);
    }
  });

  it('leave nothing of the one that breaks off, keep those before it, and go on from there', async () => {
    const broken = statements(['create table memory.half ()', 'select 1 / 0']);
    await expect(migrate(database.warehouse, { ...memory, steps: [first, broken] })).rejects.toThrow(
      'division by zero',
    );
    expect(await rows(`select to_regclass('memory.half') as half`)).toEqual([{ half: null }]);
    expect(await numbers('memory')).toEqual([{ number: 1 }]);
    await migrate(database.warehouse, memory);
    expect(await rows('select n, m from memory.first')).toEqual([{ n: 1, m: 2 }]);
  });

  it.each([
    ['staging', ensureStaging, stagingMigrations],
    ['datacycle', ensureState, stateMigrations],
  ] as const)('refuse a schema %s that is newer than the program, for readers too', async (schema, ensure, known) => {
    expect(await readVersion(database.warehouse, known)).toBeUndefined();
    await ensure(database.warehouse);
    expect(await readVersion(database.warehouse, known)).toMatchObject({ outdated: false, changeable: true });
    await database.warehouse.query(`insert into ${schema}.migration (number) values (99)`);
    const refusal = {
      message: `the schema ${schema} of this database has version 99, and this datacycle knows it up to version ${known.steps.length}`,
      hint: expect.stringContaining('Update datacycle'),
    };
    await expect(ensure(database.warehouse)).rejects.toMatchObject(refusal);
    await expect(readVersion(database.warehouse, known)).rejects.toMatchObject(refusal);
  });

  it('tell what was made of a relation by kind, also where the name of an index or a constraint speaks of another', async () => {
    for (const statement of unnumbered) await database.warehouse.query(statement);
    await database.warehouse.query('create schema gold');
    await database.warehouse.query(
      'create table gold.a (id int not null, "x is abc" int, constraint "not null x" check (id > 0))',
    );
    await database.warehouse.query('create index "grant select to bob" on gold.a (id)');
    const texts = [
      'a_pkey',
      'by_id',
      'by_id is 0a1b2c',
      'grant select to bob',
      'not null x',
      'not null id',
      'not null x is abc',
      'partitioned by day Europe/Zurich seen at',
      'grant insert to Anna Bo',
    ];
    await database.warehouse.query('update datacycle.model set objects = $1', [texts]);
    await ensureState(database.warehouse);
    const [found] = await rows('select made from datacycle.model');
    expect(found?.made).toEqual({
      objects: [
        { name: 'a_pkey', definition: null },
        { name: 'by_id', definition: '0a1b2c' },
        { name: 'grant select to bob', definition: null },
        { name: 'not null x', definition: null },
      ],
      notNull: ['id', 'x is abc'],
      partitioning: { column: 'seen at', granularity: 'day', timeZone: 'Europe/Zurich' },
      grants: [{ privilege: 'insert', role: 'Anna Bo' }],
    });
  });

  it('that are due keep no reader from what was recorded before, and nothing is taken for consumed', async () => {
    await migrate(database.warehouse, { ...stateMigrations, steps: stateMigrations.steps.slice(0, 1) });
    await database.warehouse.query(
      `insert into datacycle.model values ('a', '"gold"."a"', 'table', 'c', 7, '{}', '2024-01-01Z')`,
    );
    const project = new TemporaryProject({
      'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: events }] }]',
      'models/a.sql': '{{config materialized="table"}}select * from {{source "raw" "events"}}',
    });
    const { manifest } = project.compile();
    expect(await readersOf(database.warehouse, manifest, 'raw.events')).toEqual([
      { model: 'a', takes: 'all', loadId: 0, waiting: 'is not built yet' },
    ]);
    expect(await hasAuditRecords(database.warehouse)).toBe(true);
    project.dispose();
  });

  it('take over a schema datacycle without a number, with its rows', async () => {
    for (const statement of unnumbered) await database.warehouse.query(statement);
    await ensureState(database.warehouse);
    expect(await rows('select run_id, run_no from datacycle.run order by run_no')).toEqual([
      { run_id: 'early', run_no: 1 },
      { run_id: 'late', run_no: 2 },
    ]);
    expect(await rows('select model, generation, made from datacycle.model')).toEqual([
      { model: 'a', generation: 7, made: { ...nothingCreated, objects: [{ name: 'a_pkey', definition: null }] } },
    ]);
    expect(await rows('select load_id from datacycle.high_water')).toEqual([{ load_id: 41 }]);
    expect(await rows(`select to_regclass('datacycle.audit_row') is not null as there`)).toEqual([{ there: true }]);
    expect(await numbers('datacycle')).toEqual(stateMigrations.steps.map((_, index) => ({ number: index + 1 })));
  });
});
