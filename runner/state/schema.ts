// The bookkeeping of the runner: schema `datacycle`. It lies in the same database, so it commits with the rows that it is about.
//
//   schema.ts                     the tables, as numbered migrations
//   models.ts, created.ts         model, high_water: checksum, generation, what the runner created, and what was consumed
//   batches.ts, batch-windows.ts  batch: which batches a microbatch model has, and which of them are pending
//   runs.ts, prune-runs.ts        run, run_result: the history
//   pruned.ts, expired.ts         sources and models whose old rows are gone
//   own-bookkeeping.ts            the same in another schema, for a target that has a schema of its own
//
// Functions read and write; decisions are made in plan/. Times are values that the caller passes in, never now().
import { type Migrations, migrate, readVersion, statements } from '../../warehouse/migrate.ts';
import type { Queryable, Session, Warehouse } from '../../warehouse/warehouse.ts';
import { createdFromTexts } from './created.ts';
import { bookkeepingOf } from './own-bookkeeping.ts';

/*
 * The runner's own memory, in schema `datacycle` of the same database, so that it commits with the rows it speaks of.
 * Times are values that the run passes in, never now().
 */
const tables: readonly string[] = [
  `create table if not exists datacycle.model (
    model text primary key,
    relation text not null,
    materialized text not null,
    checksum text not null,
    generation bigint not null,
    objects text[] not null,
    built_at timestamptz not null
)`,
  `create table if not exists datacycle.high_water (
    model text not null,
    upstream text not null,
    load_id bigint,
    upstream_version text not null,
    primary key (model, upstream)
)`,
  `create table if not exists datacycle.surrogate_key (
    model text not null,
    natural_key text not null,
    key integer not null,
    primary key (model, natural_key),
    unique (model, key)
)`,
  `create table if not exists datacycle.run (
    run_id text primary key,
    run_no bigint not null generated always as identity,
    command text not null,
    target text not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    status text not null check (status in ('running', 'success', 'error'))
)`,
  `create table if not exists datacycle.run_result (
    run_id text not null references datacycle.run (run_id),
    node text not null,
    kind text not null,
    status text not null,
    started_at timestamptz not null,
    finished_at timestamptz not null,
    rows_inserted bigint,
    rows_updated bigint,
    rows_deleted bigint,
    message text,
    primary key (run_id, node)
)`,
  `create table if not exists datacycle.pruned (
    upstream text primary key,
    load_id bigint not null,
    pruned_at timestamptz not null
)`,
  `create table if not exists datacycle.expired (
    model text primary key,
    before timestamptz not null
)`,
  'create sequence if not exists datacycle.batch_version',
  `create table if not exists datacycle.batch (
    model text not null,
    batch_start timestamptz not null,
    batch_end timestamptz not null,
    built_at timestamptz not null,
    version bigint not null,
    changed_version bigint not null,
    pending boolean not null,
    primary key (model, batch_start, batch_end)
)`,
  `create table if not exists datacycle.audit_failure (
    run_id text not null references datacycle.run (run_id),
    model text not null,
    test text not null,
    at timestamptz not null,
    rows bigint not null,
    primary key (run_id, test)
)`,
  `create table if not exists datacycle.audit_row (
    run_id text not null,
    test text not null,
    model text not null,
    row_no integer not null,
    row jsonb not null,
    primary key (run_id, test, row_no),
    foreign key (run_id, test) references datacycle.audit_failure (run_id, test) on delete cascade
)`,
];

/** Runs get numbers in the order in which they began, which no clock can turn round; those before that by their times. */
const numberRuns: readonly string[] = [
  'alter table datacycle.run add column run_no bigint',
  `update datacycle.run
   set run_no = numbered.run_no
   from (select run_id, row_number() over (order by started_at, run_id) as run_no from datacycle.run) as numbered
   where numbered.run_id = run.run_id`,
  'alter table datacycle.run alter column run_no set not null, alter column run_no add generated always as identity',
  `select setval(pg_get_serial_sequence('datacycle.run', 'run_no'), coalesce(max(run_no), 0) + 1, false) from datacycle.run`,
];

/** What tells a run that it need not do something again. */
const rowVersions: readonly string[] = [
  'alter table datacycle.model add column rows_version bigint not null default 0',
  'alter table datacycle.high_water add column rows_version text',
  `create table datacycle.test_pass (
    test text primary key,
    checksum text not null,
    passed_at timestamptz not null,
    rows jsonb not null,
    marks jsonb not null
)`,
];

/** Beside the version of its rows: how often rows went or changed their keys, which is not what an increment does as a rule. */
const removals = 'alter table datacycle.model add column removals bigint not null default 0';

/** What became of the last try of each export, and of the last that succeeded. */
const exported = `create table datacycle.export (
    name text primary key,
    attempted_at timestamptz not null,
    succeeded_at timestamptz,
    destination text,
    files bigint,
    rows bigint,
    failures integer not null default 0,
    message text
)`;

/**
 * The migrations of schema `datacycle`. The first also adopts a schema without a number, as earlier versions of the program
 * created it: existing tables stay, missing ones are added.
 */
export const stateMigrations: Migrations = {
  schema: 'datacycle',
  // "state" as ASCII, shortened.
  lock: 0x73746174,
  steps: [
    async (session) => {
      await statements(tables)(session);
      if (!(await hasRunNumbers(session))) await statements(numberRuns)(session);
    },
    typeMade,
    statements(['alter table datacycle.model add column upstream_shape text']),
    statements(rowVersions),
    statements([removals]),
    statements([exported]),
  ],
};

/** Earlier versions recorded what they had created for a relation as a list of texts, in which names could be ambiguous. */
async function typeMade(session: Session): Promise<void> {
  await session.query('alter table datacycle.model add column made jsonb');
  const { rows } = await session.query<{ model: string; relation: string; objects: readonly string[] }>(
    'select model, relation, objects from datacycle.model',
  );
  for (const { model, relation, objects } of rows) {
    const found = await session.query<{ name: string }>(
      `select conname::text as name from pg_constraint where conrelid = to_regclass($1)
       union select c.relname::text from pg_index as i join pg_class as c on c.oid = i.indexrelid where i.indrelid = to_regclass($1)`,
      [relation],
    );
    const names = new Set(found.rows.map(({ name }) => name));
    const created = createdFromTexts(objects, (name) => names.has(name));
    await session.query('update datacycle.model set made = $2::jsonb where model = $1', [
      model,
      JSON.stringify(created),
    ]);
  }
  await session.query('alter table datacycle.model alter column made set not null');
  await session.query('alter table datacycle.model drop column objects');
}

/**
 * Creates or brings up to date the schema `datacycle` and, for a target with a schema of its own, that of its bookkeeping, as
 * {@link migrate} does.
 * @throws DatacycleError if one is newer than the program, or missing and the role may not create it; StatementError.
 */
export async function ensureState(warehouse: Pick<Warehouse, 'query' | 'transaction'>): Promise<void> {
  const { schema, shared } = bookkeepingOf(warehouse);
  await migrate(shared ?? warehouse, stateMigrations);
  if (shared !== undefined) await migrate(warehouse, { ...stateMigrations, schema });
}

/** What {@link ensureState} would do. @throws DatacycleError if a schema of the bookkeeping is newer than the program. */
export async function readStateVersion(warehouse: Warehouse): Promise<void> {
  const { schema, shared } = bookkeepingOf(warehouse);
  await readVersion(shared ?? warehouse, stateMigrations);
  if (shared !== undefined) await readVersion(warehouse, { ...stateMigrations, schema });
}

/** Whether runs and failed audits are recorded, as every version that numbered its runs did. */
export async function hasAuditRecords(on: Queryable): Promise<boolean> {
  const { rows } = await on.query<{ there: boolean }>(`select to_regclass('datacycle.audit_row') is not null as there`);
  return rows[0]?.there === true && (await hasRunNumbers(on));
}

/** Whether schema `datacycle` is there as this program makes it: the migration that came last has been applied. */
export async function hasState(on: Queryable): Promise<boolean> {
  const { rows } = await on.query<{ there: boolean }>(`select to_regclass('datacycle.export') is not null as there`);
  return rows[0]?.there === true;
}

/** Whether runs are numbered (datacycle.run.run_no): not before the first run with a version that does so. */
export async function hasRunNumbers(on: Queryable): Promise<boolean> {
  // The sequence that PostgreSQL makes for the column.
  const { rows } = await on.query<{ present: boolean }>(
    `select to_regclass('datacycle.run_run_no_seq') is not null as present`,
  );
  return rows[0]?.present === true;
}
