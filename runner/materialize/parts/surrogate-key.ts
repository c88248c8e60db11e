import { identifier, identifiers, literal } from '../../../warehouse/quote.ts';
import type { SqlText } from '../../text/sql-text.ts';
import { run, type Step, staged } from './step.ts';

export interface SurrogateKey {
  /** The model's name, under which its keys are remembered. */
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
 * Stages a query's rows with an integer key before them: the one that the natural key has had before, or the next
 * number. The keys are kept apart from the table, so that they outlive every rebuild of it.
 * @param guard steps that check the natural key before any number is given away.
 */
export function stageWithKeys(key: SurrogateKey, sql: SqlText, guard: (relation: string) => readonly Step[]): Step[] {
  const model = literal(key.model);
  return [
    run(`create temporary table "datacycle_raw" on commit drop as\n`, sql),
    ...guard(raw),
    run(
      `insert into datacycle.surrogate_key (model, natural_key, key)
select ${model}, missing.natural_key,
    coalesce((select max(key) from datacycle.surrogate_key where model = ${model}), 0) + row_number() over (order by ${identifiers(key.uniqueKey)})
from (
    select ${naturalKey('r', key.uniqueKey)} as natural_key, ${identifiers(key.uniqueKey)}
    from ${raw} as r
) as missing
where not exists (
    select from datacycle.surrogate_key as known
    where known.model = ${model} and known.natural_key = missing.natural_key
)`,
    ),
    run(
      `create temporary table "datacycle_new" on commit drop as
select known.key as ${identifier(key.column)}, r.*
from ${raw} as r
join datacycle.surrogate_key as known on known.model = ${model} and known.natural_key = ${naturalKey('r', key.uniqueKey)}`,
    ),
    run(`analyze ${staged}`),
  ];
}

/** Stages a query's rows with the keys that are known. None is handed out: where there is none yet, the column is NULL. */
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
 * Remembers the keys of a standing table that are not remembered yet, e.g. when schema `datacycle` was lost.
 * @param columns the table's names: one that has had no such key until now has nothing to remember.
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
