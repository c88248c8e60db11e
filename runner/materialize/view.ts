import { type RelationName, relation } from '../../warehouse/quote.ts';
import type { Privileges } from '../database/attachments.ts';
import { beginWith, type Column, type ExistingRelation } from '../database/catalog.ts';
import { SqlText } from '../text/sql-text.ts';
import { restoreGrants } from './parts/grants.ts';
import { stillNeeded } from './parts/recreate-views.ts';
import { run, type Step } from './parts/step.ts';

/**
 * Creates or replaces a view. It is replaced in place where PostgreSQL allows it (columns are only added at the end), so that
 * grants and dependent views stay. Otherwise it is dropped, without cascade, and created with the grants that it had.
 * ```sql
 * create or replace view v with (security_invoker = true) as <query>;
 * -- or
 * drop view v; create view v with (security_invoker = true) as <query>; grant ...;
 * ```
 * @param privileges those on the existing relation.
 * @param wanted the columns that the query yields.
 */
export function createView(
  name: RelationName,
  sql: SqlText,
  existing: ExistingRelation | undefined,
  privileges: Privileges,
  wanted: readonly Column[],
): Step[] {
  const view = relation(name);
  const fits = existing?.kind === 'view' && beginWith(wanted, existing.columns);
  // Row security and privileges are those of the reader; otherwise a view would show what its owner sees.
  const how = 'with (security_invoker = true) as\n';
  if (fits) return [run(`create or replace view ${view} ${how}`, sql)];
  const create = run(`create view ${view} ${how}`, sql);
  if (existing === undefined) return [create];
  const names = wanted.map((column) => column.name);
  const drop: Step = {
    kind: 'run',
    sql: new SqlText(`drop ${existing.kind} ${view}`),
    explain: stillNeeded(`the ${existing.kind} ${name.schema}.${name.name}`),
  };
  return [drop, create, ...restoreGrants(name, privileges, names)];
}
