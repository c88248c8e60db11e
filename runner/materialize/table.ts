// The SQL of each materialization, as pure functions from values to steps: table, view, incremental, microbatch, snapshot,
// materialized_view. plan/ chooses among them.
//
// A table is built in one of two ways. createTable: `create table as`, then keys, constraints and indexes. replaceRows: the rows
// are staged in the temporary table `datacycle_new`, guards check their keys, and difference.ts deletes, updates and inserts what
// differs. Increments, batches and snapshots stage their rows in the same way.
//
// Every statement is a golden file in tests/golden.

import { identifier, identifiers, relation } from '../../warehouse/quote.ts';
import type { Column, ExistingRelation } from '../database/catalog.ts';
import type { PartitionBy } from '../manifest/manifest.ts';
import { type Created, nothingCreated } from '../state/created.ts';
import { SqlText } from '../text/sql-text.ts';
import { isExact } from './bytes.ts';
import { applyDifference, tableOf } from './difference.ts';
import { guardKey, guardNulls } from './parts/key-guard.ts';
import { securePartitions } from './parts/partition-access.ts';
import { addPartitions, createLike } from './parts/partitions.ts';
import { type DependentView, recreateViews } from './parts/recreate-views.ts';
import { secureRows } from './parts/row-security.ts';
import { counted, run, type Step, staged } from './parts/step.ts';
import { addMissing, alignColumns, dropObsolete, placeOf } from './parts/structure.ts';
import { adoptKeys, stageWithKeys } from './parts/surrogate-key.ts';
import type { KeepFrom, RowSource, TableTarget } from './parts/target.ts';
import { identifyRows } from './replica-identity.ts';

/**
 * Creates a table that does not exist yet, then adds its constraints and indexes and its row security:
 * ```sql
 * create table t as <query>;   -- a seed, or rows with surrogate keys: from the staged rows
 * alter table t alter column ... set not null;
 * alter table t add constraint ... unique (<unique_key>);
 * analyze t;
 * ```
 * @param columns the columns of the rows; only a partitioned table needs them.
 */
export function createTable(target: TableTarget, source: RowSource, columns: readonly Column[]): Step[] {
  const place = placeOf(target);
  const table = relation(place);
  return [
    ...(target.partitionBy === undefined
      ? createInOnePiece(target, table, source)
      : createPartitioned(target, target.partitionBy, table, source, columns)),
    ...addMissing(target, undefined, nothingCreated),
    ...secureRows(place, target.rowSecurity, target.access, undefined),
    run(`analyze ${table}`),
  ];
}

function createInOnePiece(target: TableTarget, table: string, source: RowSource): Step[] {
  const direct = source.kind === 'query' && target.key === undefined;
  const nulls =
    target.uniqueKey.length > 0 && target.key === undefined ? [guardNulls(target.model, table, target.uniqueKey)] : [];
  return [
    ...(direct ? [] : stage(target, source)),
    direct ? run(`create table ${table} as\n`, source.sql) : run(`create table ${table} as\nselect * from ${staged}`),
    // Not every driver passes on the row count of `create table as`.
    { kind: 'upsert', sql: new SqlText(`select count(*) as inserted, 0 as updated\nfrom ${table}`) },
    ...nulls,
  ];
}

/** Created in the shape of its staged rows, with the partitions that they need. */
function createPartitioned(
  target: TableTarget,
  partitionBy: PartitionBy,
  table: string,
  source: RowSource,
  columns: readonly Column[],
): Step[] {
  return [
    ...stage(target, source),
    createLike(table, staged, partitionBy),
    ...addPartitions(target, columns),
    counted('inserted', `insert into ${table}\nselect *\nfrom ${staged}`),
  ];
}

/**
 * Rebuilds an existing table: the new rows are staged and only the difference is applied ({@link applyDifference}), in one
 * transaction. Readers see the old rows or the new ones, and dependent views, grants, policies and foreign keys stay.
 * ```sql
 * create temporary table datacycle_new on commit drop as <query>;
 * alter table t add column ..., drop column ...;   -- dependent views are dropped before and recreated after
 * delete from t ...; update t ...; insert into t ...;
 * ```
 * @param views dependent views that block a change of columns and can be recreated.
 */
export function replaceRows(
  target: TableTarget,
  source: RowSource,
  existing: ExistingRelation,
  wanted: readonly Column[],
  created: Created,
  { keepFrom, views }: { readonly keepFrom: KeepFrom | undefined; readonly views: readonly DependentView[] },
): Step[] {
  return [
    ...stageAnew(target, source, existing, wanted),
    ...replaceByStaged(target, existing, wanted, created, { keepFrom, views }),
  ];
}

/**
 * The first part of {@link replaceRows}: the surrogate keys of the existing table are recorded, and the new rows staged.
 * ```sql
 * create temporary table datacycle_new on commit drop as <query>;
 * ```
 */
export function stageAnew(
  target: TableTarget,
  source: RowSource,
  existing: ExistingRelation,
  wanted: readonly Column[],
): Step[] {
  const existingColumns = existing.columns.map((column) => column.name);
  const adopt = target.key === undefined ? [] : adoptKeys(target.key, relation(placeOf(target)), existingColumns);
  return [...adopt, ...stage(target, source, sameTypes(existing.columns, wanted))];
}

/**
 * The second part of {@link replaceRows}: the table gets the columns, the structure and the rows of what is staged.
 * ```sql
 * alter table t ...; delete from t ...; update t ...; insert into t ...;
 * ```
 */
export function replaceByStaged(
  target: TableTarget,
  existing: ExistingRelation,
  wanted: readonly Column[],
  created: Created,
  { keepFrom, views }: { readonly keepFrom: KeepFrom | undefined; readonly views: readonly DependentView[] },
): Step[] {
  const place = placeOf(target);
  return [
    // Views are dropped first: a reader locks a view before its table, and another order could deadlock.
    ...recreateViews(views, [
      ...secureRows(place, target.rowSecurity, target.access, existing),
      ...securePartitions(target, existing),
      ...dropObsolete(target, existing, created),
      ...alignColumns(place, existing, wanted),
    ]),
    ...addPartitions(target, wanted),
    ...identifyRows(target),
    ...deleteDuplicates(target, existing),
    ...applyDifference(
      target,
      keepFrom === undefined ? { kind: 'all' } : { kind: 'since', bound: keepFrom },
      wanted,
      existing.referencedBy,
    ),
    ...addMissing(target, existing, created),
  ];
}

/**
 * Puts the rows of a source into the temporary table of staged rows, with their surrogate keys, and checks their unique key:
 * ```sql
 * create temporary table datacycle_new on commit drop as <query>;   -- a seed: create temporary table ...; copy ... from stdin
 * analyze datacycle_new;
 * ```
 * @param existingColumns the columns of the existing table, as far as they have the types of the staged rows.
 */
export function stage(target: TableTarget, source: RowSource, existingColumns: readonly Column[] = []): Step[] {
  const guard = (at: string) => (target.uniqueKey.length === 0 ? [] : guardKey(target.model, at, target.uniqueKey));
  if (source.kind === 'copy') {
    const columns = source.columns.flatMap(({ name, type, place }, index) => [
      `${index === 0 ? '' : ',\n'}    ${identifier(name)} `,
      place === undefined ? type : SqlText.from(place, type),
    ]);
    return [
      run(`create temporary table "datacycle_new" (\n`, ...columns, '\n) on commit drop'),
      {
        kind: 'copy',
        sql: new SqlText(`copy ${staged} from stdin with (format csv, header)`),
        csv: source.csv,
        explain: source.explain,
      },
      ...guard(staged),
      run(`analyze ${staged}`),
    ];
  }
  if (target.key !== undefined) return stageWithKeys(target.key, source.sql, guard, respeltIn(target, existingColumns));
  return [
    run(`create temporary table "datacycle_new" on commit drop as\n`, source.sql),
    run(`analyze ${staged}`),
    ...guard(staged),
  ];
}

/**
 * Deletes all but one row of each key, where no constraint has kept an existing table from having duplicates. The difference then
 * corrects the row that is left, and deletes rows without a key.
 * ```sql
 * delete from t using (select tableoid, ctid, row_number() over (partition by <unique_key>) as number from t) as d where d.number > 1 ...
 * ```
 */
export function deleteDuplicates(target: TableTarget, existing: ExistingRelation): Step[] {
  const { uniqueKey } = target;
  const existingColumns = new Set(existing.columns.map(({ name }) => name));
  const same = (columns: readonly string[]) => [...columns].sort().join('\n') === [...uniqueKey].sort().join('\n');
  if (uniqueKey.length === 0 || existing.unique.some(same) || !uniqueKey.every((name) => existingColumns.has(name)))
    return [];
  const at = placeOf(target);
  const table = relation(at);
  return [
    counted(
      'deleted',
      `delete from ${table} as t
using (
    select tableoid, ctid, row_number() over (partition by ${identifiers(uniqueKey)}) as number
    from ${table}
    where (${identifiers(uniqueKey)}) is not null
) as d
where d.number > 1
    and t.tableoid = d.tableoid
    and t.ctid = d.ctid`,
    ),
  ];
}

/** The table whose numbers stay where a key is spelt anew, as it can be where equal values need not be the same. */
function respeltIn(target: TableTarget, existingColumns: readonly Column[]): string | undefined {
  const types = new Map(existingColumns.map(({ name, type }) => [name, type]));
  const isThere = [target.key?.column ?? '', ...target.uniqueKey].every((name) => types.has(name));
  return isThere && target.uniqueKey.some((name) => !isExact(types.get(name) ?? '')) ? tableOf(target) : undefined;
}

function sameTypes(some: readonly Column[], others: readonly Column[]): readonly Column[] {
  return some.filter(({ name, type }) => others.some((other) => other.name === name && other.type === type));
}
