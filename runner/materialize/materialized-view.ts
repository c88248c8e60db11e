import { identifier, relation } from '../../warehouse/quote.ts';
import { type Column, type ExistingRelation, sameColumns } from '../database/catalog.ts';
import { settingPlace } from '../project/setting-places.ts';
import { type Created, nothingCreated } from '../state/created.ts';
import { SqlText } from '../text/sql-text.ts';
import { bytesOf, columnOf } from './bytes.ts';
import { guardDuplicates, guardKey, guardNulls } from './parts/key-guard.ts';
import { run, type Step, staged } from './parts/step.ts';
import { addMissing, dropObsolete, placeOf } from './parts/structure.ts';
import type { TableTarget } from './parts/target.ts';

/** A materialized view has no constraints: what keeps its key unique, and lets it be refreshed beside its readers, is an index. */
export function materializedViewTarget(target: TableTarget): TableTarget {
  const place = settingPlace(target.settings, 'unique_key');
  return {
    ...target,
    uniqueKey: [],
    constraints: [],
    indexes: [{ columns: [...target.uniqueKey], unique: true, place }, ...target.indexes],
  };
}

/**
 * Creates a materialized view that does not exist yet, checks the key of its rows, and indexes it:
 * ```sql
 * create materialized view v as <query> with data;
 * create unique index ... on v (<unique_key>);
 * analyze v;
 * ```
 * @param target with the unique key, as for a table.
 * @param before the relation that it replaces, for the count of changed rows; undefined: all rows are new.
 */
export function createMaterializedView(
  target: TableTarget,
  sql: SqlText,
  columns: readonly Column[],
  before: ExistingRelation | undefined,
): Step[] {
  const place = placeOf(target);
  const view = relation(place);
  return [
    run(`create materialized view ${view} as\n`, sql, '\nwith data'),
    { kind: 'upsert', sql: new SqlText(countChanges(target, view, columns, before)) },
    ...guardKey(target.model, view, target.uniqueKey),
    ...addMissing(materializedViewTarget(target), undefined, nothingCreated),
    run(`analyze ${view}`),
  ];
}

function countChanges(
  { relation: { schema, name } }: TableTarget,
  view: string,
  columns: readonly Column[],
  before: ExistingRelation | undefined,
): string {
  if (before?.kind !== 'materialized view' || !before.populated || !sameColumns(columns, before.columns))
    return `select count(*) as inserted, 0 as updated\nfrom ${view}`;
  const rows = (alias: string, from: string) =>
    `select ${columns.map((column) => bytesOf(column, columnOf(column, alias))).join(', ')} from ${from} as ${alias}`;
  const [fresh, old] = [rows('n', view), rows('t', relation(schema, name))];
  return `select
    (select count(*) from (${fresh} except all ${old}) as added) as inserted,
    0 as updated,
    (select count(*) from (${old} except all ${fresh}) as gone) as deleted`;
}

/**
 * Refreshes an existing materialized view without locking its readers out, and aligns its indexes with the declared ones:
 * ```sql
 * refresh materialized view concurrently v;
 * ```
 */
export function refreshMaterializedView(
  target: TableTarget,
  sql: SqlText,
  existing: ExistingRelation,
  created: Created,
): Step[] {
  const view = relation(target.relation);
  const indexed = materializedViewTarget(target);
  return [
    ...dropObsolete(indexed, existing, created),
    {
      kind: 'refresh',
      sql: new SqlText(`refresh materialized view concurrently ${view}`),
      relation: view,
      otherwise: [
        run(`create temporary table ${identifier('datacycle_new')} on commit drop as\n`, sql),
        guardDuplicates(target.model, staged, target.uniqueKey),
      ],
    },
    guardNulls(target.model, view, target.uniqueKey),
    ...addMissing(indexed, existing, created),
  ];
}
