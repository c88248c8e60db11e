import type { Queryable } from '../../warehouse/warehouse.ts';
import { type Question, question } from '../database/question.ts';
import { type Change, changeTogether } from './changes.ts';
import { type Created, parseCreated } from './created.ts';
import { type ResultRecord, resultsChange } from './runs.ts';

/** In place of a checksum: what is recorded of a model is not about the relation that has its name. */
export const notAsBuilt = '';

/** What is recorded of one model or seed. */
export interface ModelState {
  /** The relation that was built, quoted. */
  readonly relation: string;
  /** How it was materialized: `seed`, or the model's `materialized` then. */
  readonly materialized: string;
  readonly checksum: string;
  /** Grows whenever rows changed in a way that consumers of increments cannot see. */
  readonly generation: number;
  /** The columns of what it read when it was built, hashed; null: recorded by a version that did not look. */
  readonly upstreamShape: string | null;
  /** Grows with every transaction of a run that changed rows. */
  readonly rowsVersion: number;
  /** Grows with every transaction of a run that may have taken rows away, or given rows other keys. */
  readonly removals: number;
  /** What the runner created besides the rows, and may drop again. */
  readonly created: Created;
}

export interface Consumed {
  readonly loadId: number | null;
  readonly version: string;
  /** The version of its rows, where the node is left as it is for as long as that stays. */
  readonly rows?: string | undefined;
}

const states =
  'select model, relation, materialized, checksum, generation, upstream_shape as "upstreamShape", rows_version as "rowsVersion", removals, made as created from datacycle.model';
const byName = (rows: readonly (ModelState & { readonly model: string })[]): ReadonlyMap<string, ModelState> =>
  new Map(rows.map((row) => [row.model, { ...row, created: parseCreated(row.created) }]));

/** All model states by name. There may be thousands: do not ask this for each node. */
export const allModels = question(states, [], byName);

/** The states of these models and seeds, by name. */
export function modelsNamed(names: readonly string[]): Question<ReadonlyMap<string, ModelState>> {
  return question(`${states} where model = any($1::text[])`, [names], byName);
}

/**
 * Whether what is recorded of a model is about a relation of another name that still exists, as after its schema or alias was changed
 * and changed back. A table that was renamed by hand is the same one.
 */
export function wasBuiltElsewhere(model: string, relation: string): Question<boolean> {
  return question(
    'select from datacycle.model where model = $1 and relation <> $2 and to_regclass(relation) is not null',
    [model, relation],
    ({ length }) => length > 0,
  );
}

/** What a model has consumed, by upstream name. */
export function consumedBy(model: string): Question<ReadonlyMap<string, Consumed>> {
  return question(
    'select upstream, load_id, upstream_version, rows_version from datacycle.high_water where model = $1',
    [model],
    (
      rows: readonly {
        upstream: string;
        load_id: number | null;
        upstream_version: string;
        rows_version: string | null;
      }[],
    ) =>
      new Map(
        rows.map((row) => [
          row.upstream,
          { loadId: row.load_id, version: row.upstream_version, rows: row.rows_version ?? undefined },
        ]),
      ),
  );
}

/** For each of these upstreams, the smallest high-water mark among these models. */
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

export interface BuiltModel extends Omit<ModelState, 'rowsVersion' | 'removals'> {
  readonly model: string;
  readonly builtAt: string;
  readonly consumed: ReadonlyMap<string, Consumed>;
  /** Whether its rows are others than before. */
  readonly rowsChanged: boolean;
  /** Whether rows may have gone, or have other keys. */
  readonly rowsRemoved: boolean;
}

/**
 * Records a build; part of the model's own transaction.
 * @param result what became of it in this run; recorded by the same statement.
 */
export async function writeModel(session: Queryable, built: BuiltModel, result?: ResultRecord): Promise<void> {
  await changeTogether(session, [
    modelChange(built),
    ...consumedChanges(built.model, built.consumed),
    ...(result === undefined ? [] : [resultsChange([result])]),
  ]);
}

function modelChange(built: BuiltModel): Change {
  return {
    sql: `insert into datacycle.model as was
         (model, relation, materialized, checksum, generation, made, built_at, upstream_shape, rows_version, removals)
     values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9::integer, $10::integer)
     on conflict (model) do update set relation = excluded.relation, materialized = excluded.materialized,
         checksum = excluded.checksum, generation = excluded.generation, made = excluded.made, built_at = excluded.built_at,
         upstream_shape = excluded.upstream_shape, rows_version = was.rows_version + excluded.rows_version,
         removals = was.removals + excluded.removals`,
    params: [
      built.model,
      built.relation,
      built.materialized,
      built.checksum,
      built.generation,
      JSON.stringify(built.created),
      built.builtAt,
      built.upstreamShape,
      built.rowsChanged ? 1 : 0,
      built.rowsRemoved ? 1 : 0,
    ],
  };
}

/**
 * Raises the version of a model's rows, in the transaction that changes them.
 * @param removed whether rows may have gone, or have other keys.
 */
export async function raiseRowsVersion(session: Queryable, model: string, removed = true): Promise<void> {
  await session.query(
    'update datacycle.model set rows_version = rows_version + 1, removals = removals + $2::integer where model = $1',
    [model, removed ? 1 : 0],
  );
}

/** Notes that another relation than the one that was built has a model's name, in the transaction that makes it. */
export async function noteReplaced(session: Queryable, model: string): Promise<void> {
  await session.query(
    `update datacycle.model set checksum = $2, generation = generation + 1, rows_version = rows_version + 1,
         removals = removals + 1 where model = $1`,
    [model, notAsBuilt],
  );
}

/** Raises the versions of the rows of all models and seeds whose relations a statement names as `ref` does. */
export async function raiseRowsVersionsIn(on: Queryable, sql: string): Promise<void> {
  await on.query(
    `update datacycle.model set rows_version = rows_version + 1, removals = removals + 1
     where position(relation in $1) > 0`,
    [sql],
  );
}

/** Records what a model has consumed of its upstreams, by their names. */
export async function writeConsumed(
  session: Queryable,
  model: string,
  consumed: ReadonlyMap<string, Consumed>,
): Promise<void> {
  await changeTogether(session, consumedChanges(model, consumed));
}

function consumedChanges(model: string, consumed: ReadonlyMap<string, Consumed>): readonly Change[] {
  const upstreams = [...consumed.keys()];
  const others = {
    sql: 'delete from datacycle.high_water where model = $1 and upstream <> all($2::text[])',
    params: [model, upstreams],
  };
  if (upstreams.length === 0) return [others];
  const values = [...consumed.values()];
  const these = {
    sql: `insert into datacycle.high_water (model, upstream, load_id, upstream_version, rows_version)
     select $1, * from unnest($2::text[], $3::bigint[], $4::text[], $5::text[])
     on conflict (model, upstream) do update set load_id = excluded.load_id, upstream_version = excluded.upstream_version,
         rows_version = excluded.rows_version`,
    params: [
      model,
      upstreams,
      values.map((value) => value.loadId),
      values.map((value) => value.version),
      values.map((value) => value.rows ?? null),
    ],
  };
  return [others, these];
}
