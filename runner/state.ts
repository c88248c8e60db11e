import { StatementError } from '../warehouse/errors.ts';
import type { Queryable, Warehouse } from '../warehouse/warehouse.ts';
import { type Question, question } from './database/question.ts';
import { NodeError } from './text/errors.ts';

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

/**
 * Creates what is missing of schema `datacycle`. Call it under the run lock.
 * @throws NodeError if the schema is missing and the role may not create it.
 */
export async function ensureState(warehouse: Pick<Warehouse, 'query' | 'transaction'>): Promise<void> {
  if (await hasState(warehouse)) return;
  await warehouse.transaction(async (session) => {
    // `if not exists` alone asks for the right to create schemas even where the schema is there.
    if ((await session.query(`select 1 from pg_namespace where nspname = 'datacycle'`)).rows.length === 0)
      await session.query('create schema datacycle').catch((error: unknown) => {
        if (!(error instanceof StatementError) || error.code !== '42501') throw error;
        throw new NodeError({
          what: 'the schema datacycle does not exist, and this user may not create it',
          hint: 'Run `datacycle init` first: it creates every schema that the project needs.',
          cause: error,
        });
      });
    for (const statement of tables) await session.query(statement);
    if (await hasRunNumbers(session)) return;
    for (const statement of numberRuns) await session.query(statement);
  });
}

/** Whether schema `datacycle` is complete. What came last: where it is, all is. */
export async function hasState(on: Queryable): Promise<boolean> {
  const { rows } = await on.query<{ there: boolean }>(
    `select to_regclass('datacycle.audit_row') is not null and to_regclass('datacycle.batch') is not null as there`,
  );
  return rows[0]?.there === true && (await hasRunNumbers(on));
}

/** Whether runs are numbered (datacycle.run.run_no): not before the first run with a version that does so. */
export async function hasRunNumbers(on: Queryable): Promise<boolean> {
  // The sequence that PostgreSQL makes for the column.
  const { rows } = await on.query<{ present: boolean }>(
    `select to_regclass('datacycle.run_run_no_seq') is not null as present`,
  );
  return rows[0]?.present === true;
}

/** What the database remembers of one model or seed. */
export interface ModelState {
  /** How it was made: `seed`, or the model's `materialized` then. */
  readonly materialized: string;
  readonly checksum: string;
  /** Grows whenever rows changed in a way that consumers of increments cannot see. */
  readonly generation: number;
  /** Names of the constraints and indexes that the runner made and may take away again. */
  readonly objects: readonly string[];
}

export interface Consumed {
  readonly loadId: number | null;
  readonly version: string;
}

/** All model states by name. */
export const allModels = question(
  'select model, materialized, checksum, generation, objects from datacycle.model',
  [],
  (rows: readonly (ModelState & { readonly model: string })[]): ReadonlyMap<string, ModelState> =>
    new Map(rows.map((row) => [row.model, row])),
);

/** What a model has consumed, by upstream name. */
export function consumedBy(model: string): Question<ReadonlyMap<string, Consumed>> {
  return question(
    'select upstream, load_id, upstream_version from datacycle.high_water where model = $1',
    [model],
    (rows: readonly { upstream: string; load_id: number | null; upstream_version: string }[]) =>
      new Map(rows.map((row) => [row.upstream, { loadId: row.load_id, version: row.upstream_version }])),
  );
}

/** How far each of these upstreams has been consumed by the one of these models that is behind most. */
export function leastConsumed(
  models: readonly string[],
  upstreams: readonly string[],
): Question<ReadonlyMap<string, number>> {
  return question(
    `select upstream, min(load_id) as least from datacycle.high_water
     where model = any($1::text[]) and upstream = any($2::text[]) and load_id is not null
     group by upstream`,
    [models, upstreams],
    (rows: readonly { upstream: string; least: number }[]) => new Map(rows.map((row) => [row.upstream, row.least])),
  );
}

export interface BuiltModel extends ModelState {
  readonly model: string;
  readonly relation: string;
  readonly builtAt: string;
  readonly consumed: ReadonlyMap<string, Consumed>;
}

/** Records a build; part of the model's own transaction. */
export async function writeModel(session: Queryable, built: BuiltModel): Promise<void> {
  await session.query(
    `insert into datacycle.model (model, relation, materialized, checksum, generation, objects, built_at)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (model) do update set relation = excluded.relation, materialized = excluded.materialized,
         checksum = excluded.checksum, generation = excluded.generation, objects = excluded.objects, built_at = excluded.built_at`,
    [
      built.model,
      built.relation,
      built.materialized,
      built.checksum,
      built.generation,
      [...built.objects],
      built.builtAt,
    ],
  );
  await writeConsumed(session, built.model, built.consumed);
}

/** Records what a model has consumed of its upstreams, by their names. */
export async function writeConsumed(
  session: Queryable,
  model: string,
  consumed: ReadonlyMap<string, Consumed>,
): Promise<void> {
  const upstreams = [...consumed.keys()];
  await session.query('delete from datacycle.high_water where model = $1 and upstream <> all($2::text[])', [
    model,
    upstreams,
  ]);
  if (upstreams.length === 0) return;
  const values = [...consumed.values()];
  await session.query(
    `insert into datacycle.high_water (model, upstream, load_id, upstream_version)
     select $1, * from unnest($2::text[], $3::bigint[], $4::text[])
     on conflict (model, upstream) do update set load_id = excluded.load_id, upstream_version = excluded.upstream_version`,
    [model, upstreams, values.map((value) => value.loadId), values.map((value) => value.version)],
  );
}

export interface RunRecord {
  readonly runId: string;
  readonly command: string;
  readonly target: string;
  readonly startedAt: string;
}

/** Begins a run; runs that never finished (the process was killed) are closed as errors, since the lock is ours. */
export async function beginRun(session: Queryable, run: RunRecord): Promise<void> {
  await session.query(`update datacycle.run set status = 'error', finished_at = $1 where status = 'running'`, [
    run.startedAt,
  ]);
  await session.query(
    `insert into datacycle.run (run_id, command, target, started_at, status) values ($1, $2, $3, $4, 'running')`,
    [run.runId, run.command, run.target, run.startedAt],
  );
}

export async function finishRun(
  session: Queryable,
  runId: string,
  finishedAt: string,
  status: 'success' | 'error',
): Promise<void> {
  await session.query('update datacycle.run set finished_at = $2, status = $3 where run_id = $1', [
    runId,
    finishedAt,
    status,
  ]);
}

export interface ResultRecord {
  readonly runId: string;
  readonly node: string;
  readonly kind: string;
  readonly status: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly inserted?: number | undefined;
  readonly updated?: number | undefined;
  readonly deleted?: number | undefined;
  readonly message?: string | undefined;
}

/**
 * Records what became of nodes, in one statement; a second record of a node replaces its first. Rows that were committed
 * stay counted: what fails after them takes none back.
 */
export async function writeResults(session: Queryable, results: readonly ResultRecord[]): Promise<void> {
  if (results.length === 0) return;
  await session.query(
    `insert into datacycle.run_result as was
         (run_id, node, kind, status, started_at, finished_at, rows_inserted, rows_updated, rows_deleted, message)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[],
         $7::bigint[], $8::bigint[], $9::bigint[], $10::text[])
     on conflict (run_id, node) do update set status = excluded.status, finished_at = excluded.finished_at,
         rows_inserted = coalesce(excluded.rows_inserted, was.rows_inserted),
         rows_updated = coalesce(excluded.rows_updated, was.rows_updated),
         rows_deleted = coalesce(excluded.rows_deleted, was.rows_deleted), message = excluded.message`,
    [
      results.map((result) => result.runId),
      results.map((result) => result.node),
      results.map((result) => result.kind),
      results.map((result) => result.status),
      results.map((result) => result.startedAt),
      results.map((result) => result.finishedAt),
      results.map((result) => result.inserted ?? null),
      results.map((result) => result.updated ?? null),
      results.map((result) => result.deleted ?? null),
      results.map((result) => result.message ?? null),
    ],
  );
}
