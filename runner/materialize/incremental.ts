import { identifier, identifiers } from '../../warehouse/quote.ts';
import type { Config } from '../project/config.ts';
import { SqlText } from '../text/sql-text.ts';
import { sqlTokens } from '../text/sql-tokens.ts';
import { differing } from './bytes.ts';
import { sameColumnsOf, tableOf, valueColumns } from './difference.ts';
import { guardCasts } from './lossless.ts';
import { addPartitions } from './parts/partitions.ts';
import { counted, type Step, staged } from './parts/step.ts';
import type { TableTarget, TakenColumn } from './parts/target.ts';
import { identifyRows } from './replica-identity.ts';
import { stage } from './table.ts';

/**
 * Adds the rows of an incremental query to an existing table. They are staged first ({@link stage}); then, by strategy:
 * ```sql
 * -- append
 * insert into t (...) select ... from datacycle_new;
 * -- merge
 * insert into t (...) select ... from datacycle_new
 * on conflict (<unique_key>) do update set ... where <any byte differs> and <predicates>;
 * -- delete+insert
 * delete from t using datacycle_new as n where <same key> and <predicates>;
 * insert into t (...) select ... from datacycle_new;
 * ```
 * @param columns the table's columns, in any order; the query yields the same names.
 */
export function addRows(
  target: TableTarget,
  strategy: Exclude<NonNullable<Config['incremental_strategy']>, 'microbatch'>,
  sql: SqlText,
  columns: readonly TakenColumn[],
): Step[] {
  const table = tableOf(target);
  const list = identifiers(columns.map((column) => column.name));
  const insert = `insert into ${table} as t (${list})\nselect ${list}\nfrom ${staged}`;
  const staging = [
    ...stage(target, { kind: 'query', sql }, columns),
    ...guardCasts(target, columns),
    ...addPartitions(target, columns),
    ...identifyRows(target),
  ];
  switch (strategy) {
    case 'append':
      return [...staging, counted('inserted', insert)];
    case 'delete+insert': {
      const match = sameColumnsOf(target.uniqueKey);
      const where = SqlText.list([...match, ...inTimeOfStaged(target), ...predicates(target, 'n')], ' and ');
      const stays = `where not exists (select from ${table} as o where ${match.map((one) => one.replace(/^t\./, 'o.')).join(' and ')})`;
      return [
        ...staging,
        counted('deleted', `delete from ${table} as t\nusing ${staged} as n\nwhere `, where),
        // A row that a predicate kept from being deleted stays instead of the new one.
        counted('inserted', target.merge.predicates.length === 0 ? insert : `${insert} as n\n${stays}`),
      ];
    }
    case 'merge':
      return [...staging, { kind: 'upsert', sql: merge(target, insert, columns) }];
    default:
      return strategy satisfies never;
  }
}

function merge(target: TableTarget, insert: string, columns: readonly TakenColumn[]): SqlText {
  if (target.partitionBy !== undefined) return mergePartitioned(target, insert, columns);
  // A row that this statement inserted has no earlier version: its xmax is 0.
  return SqlText.join(
    `with merged as (
    ${insert.replaceAll('\n', '\n    ')}
    on conflict (${identifiers(target.uniqueKey)}) `,
    onConflict(target, columns),
    `
    returning (t.xmax = 0) as is_new
)
select count(*) filter (where is_new) as inserted, count(*) filter (where not is_new) as updated
from merged`,
  );
}

/** Partitions tell no xmax. A row is new if its key was not there before the statement, which is all that its other queries see. */
function mergePartitioned(target: TableTarget, insert: string, columns: readonly TakenColumn[]): SqlText {
  const sameKey = sameColumnsOf(target.uniqueKey);
  return SqlText.join(
    `with merged as (
    ${insert.replaceAll('\n', '\n    ')}
    on conflict (${identifiers(target.uniqueKey)}) `,
    onConflict(target, columns),
    `
    returning 1
),

fresh as (
    select count(*) as row_count
    from ${staged} as n
    where not exists (
        select
        from ${tableOf(target)} as t
        where ${[...sameKey, ...inTimeOfStaged(target)].join('\n            and ')}
    )
)

select fresh.row_count as inserted, (select count(*) from merged) - fresh.row_count as updated
from fresh`,
  );
}

/** Conditions on the table `t` by which PostgreSQL skips partitions without staged rows. */
function inTimeOfStaged({ partitionBy }: TableTarget): string[] {
  if (partitionBy === undefined) return [];
  const at = identifier(partitionBy.column);
  return [`t.${at} >= (select min(${at}) from ${staged})`, `t.${at} <= (select max(${at}) from ${staged})`];
}

function onConflict(target: TableTarget, columns: readonly TakenColumn[]): string | SqlText {
  const { values, compared } = mergedColumns(target, columns);
  if (compared.length === 0) return 'do nothing';
  return SqlText.join(
    `do update
    set ${values.map((name) => `${identifier(name)} = excluded.${identifier(name)}`).join(',\n        ')}
    where ${differing(compared, 't', 'excluded')}`,
    ...predicates(target, 'excluded').flatMap((one) => ['\n        and ', one]),
  );
}

/** The columns that are updated in an existing row, and those of them whose difference counts. */
export function mergedColumns(target: TableTarget, columns: readonly TakenColumn[]): ReturnType<typeof valueColumns> {
  const { update, exclude } = target.merge;
  const { values, compared } = valueColumns(target, columns);
  const isTakenColumn = (name: string) => (update === undefined || update.includes(name)) && !exclude.includes(name);
  return { values: values.filter(isTakenColumn), compared: compared.filter(({ name }) => isTakenColumn(name)) };
}

/** The user's conditions with the aliases that the statement has; `dbt`'s words for them are understood as well. */
function predicates(target: TableTarget, fresh: string): SqlText[] {
  const aliases = new Map([
    ['old', 't'],
    ['dbt_internal_dest', 't'],
    ['new', fresh],
    ['dbt_internal_source', fresh],
  ]);
  return target.merge.predicates.map((one) => SqlText.join('(', renamed(one, aliases), ')'));
}

/** The SQL with other aliases before its columns: `old.id` becomes `t.id`. */
function renamed(sql: SqlText, aliases: ReadonlyMap<string, string>): SqlText {
  const tokens = [...sqlTokens(sql.text)];
  return sql.put(
    tokens.flatMap(({ kind, start, text }, index) => {
      const alias = kind === 'word' ? aliases.get(text.toLowerCase()) : undefined;
      if (alias === undefined || tokens[index + 1]?.text !== '.' || tokens[index - 1]?.text === '.') return [];
      return [{ start, end: start + text.length, text: alias }];
    }),
  );
}
