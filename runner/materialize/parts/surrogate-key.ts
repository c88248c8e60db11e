import { identifier, identifiers, literal } from '../../../warehouse/quote.ts';
import type { SqlText } from '../../text/sql-text.ts';
import { run, type Step, staged } from './step.ts';

export interface SurrogateKey {
  /** The model's name, under which its keys are recorded. */
  readonly model: string;
  /** The integer column that is prepended. */
  readonly column: string;
  readonly uniqueKey: readonly string[];
}

const raw = 'pg_temp."datacycle_raw"';

function naturalKey(alias: string, uniqueKey: readonly string[]): string {
  return `jsonb_build_array(${uniqueKey.map((name) => `${alias}.${identifier(name)}`).join(', ')})::text`;
}

/**
 * Stages a query's rows with an integer key in front: the one that was assigned to the natural key before, or the next number. The
 * keys are stored apart from the table, so that they survive every rebuild of it.
 * ```sql
 * create temporary table datacycle_raw on commit drop as <query>;
 * insert into datacycle.surrogate_key select <model>, natural_key, max(key) + row_number() over (...) from datacycle_raw where <unknown>;
 * create temporary table datacycle_new on commit drop as select known.key as "room_key", r.* from datacycle_raw as r join ...;
 * ```
 * @param guard steps that check the natural key before a number is assigned.
 * @param respelt the quoted table, if two values of a key's type may be equal and yet not the same: its rows keep their number.
 */
export function stageWithKeys(
  key: SurrogateKey,
  sql: SqlText,
  guard: (relation: string) => readonly Step[],
  respelt?: string,
): Step[] {
  const model = literal(key.model);
  const list = identifiers(key.uniqueKey);
  const unknown = `select ${naturalKey('r', key.uniqueKey)} as natural_key, ${list}
    from ${raw} as r`;
  const missing = `not exists (
    select from datacycle.surrogate_key as known
    where known.model = ${model} and known.natural_key = missing.natural_key
)`;
  const number = `select ${model}, missing.natural_key,
    coalesce((select max(key) from datacycle.surrogate_key where model = ${model}), 0) + row_number() over (order by ${list})`;
  const same = key.uniqueKey.map((name) => `t.${identifier(name)} = m.${identifier(name)}`).join(' and ');
  const assign =
    respelt === undefined
      ? `insert into datacycle.surrogate_key (model, natural_key, key)
${number}
from (
    ${unknown}
) as missing
where ${missing}`
      : `with missing as materialized (
    select *
    from (
        ${unknown.replaceAll('\n', '\n    ')}
    ) as missing
    where ${missing.replaceAll('\n', '\n    ')}
),

respelt as (
    update datacycle.surrogate_key as known
    set natural_key = m.natural_key
    from missing as m
    join ${respelt} as t on ${same}
    where known.model = ${model} and known.key = t.${identifier(key.column)}
    returning known.natural_key
)

insert into datacycle.surrogate_key (model, natural_key, key)
${number}
from missing
where not exists (select from respelt where respelt.natural_key = missing.natural_key)`;
  return [
    run(`create temporary table "datacycle_raw" on commit drop as\n`, sql),
    ...guard(raw),
    run(assign),
    run(
      `create temporary table "datacycle_new" on commit drop as
select known.key as ${identifier(key.column)}, r.*
from ${raw} as r
join datacycle.surrogate_key as known on known.model = ${model} and known.natural_key = ${naturalKey('r', key.uniqueKey)}`,
    ),
    run(`analyze ${staged}`),
  ];
}

/**
 * Stages a query's rows with the keys that are assigned already. None is assigned: where there is none, the column is NULL.
 * ```sql
 * create temporary table datacycle_new on commit drop as select known.key as "room_key", r.* from datacycle_raw as r left join ...;
 * ```
 */
export function stageWithKnownKeys(
  key: SurrogateKey,
  sql: SqlText,
  guard: (relation: string) => readonly Step[],
): Step[] {
  return [
    run(`create temporary table "datacycle_raw" on commit drop as\n`, sql),
    run(`analyze ${raw}`),
    ...guard(raw),
    run(
      `create temporary table "datacycle_new" on commit drop as
select known.key as ${identifier(key.column)}, r.*
from ${raw} as r
left join datacycle.surrogate_key as known on known.model = ${literal(key.model)} and known.natural_key = ${naturalKey('r', key.uniqueKey)}`,
    ),
    run(`analyze ${staged}`),
  ];
}

/**
 * Records the keys of an existing table that are not recorded yet, e.g. because schema `datacycle` was lost:
 * ```sql
 * insert into datacycle.surrogate_key select <model>, <natural key>, t."room_key" from t on conflict do nothing;
 * ```
 * @param columns the table's columns: one that has had no such key until now has nothing to record.
 */
export function adoptKeys(key: SurrogateKey, table: string, columns: readonly string[]): Step[] {
  if (![key.column, ...key.uniqueKey].every((name) => columns.includes(name))) return [];
  const model = literal(key.model);
  return [
    run(
      `insert into datacycle.surrogate_key (model, natural_key, key)
select ${model}, ${naturalKey('t', key.uniqueKey)}, t.${identifier(key.column)}
from ${table} as t
on conflict do nothing`,
    ),
  ];
}
