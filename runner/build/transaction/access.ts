import { identifier, type RelationName, relation } from '../../../warehouse/quote.ts';
import type { Queryable, Warehouse } from '../../../warehouse/warehouse.ts';
import { readRelation } from '../../database/catalog.ts';
import type { LockWaits } from '../../database/locks/lock-waits.ts';
import { ask, type Question, question } from '../../database/question.ts';
import {
  type BuiltNode,
  isBuilt,
  type Manifest,
  type ModelNode,
  type Node,
  type RowSecurity,
  rowSecurityOf,
} from '../../manifest/manifest.ts';
import { type Access, secureRows, type Visible } from '../../materialize/parts/row-security.ts';
import { runSteps } from './run-steps.ts';

/**
 * The function by which policies know the owner's own sessions: whether who logged in is the role or a member of it.
 * As immutable the planner asks once and plans with the answer, so that builds pay nothing for policies. It may: the login
 * of a session changes for superusers alone, who see everything.
 */
const sessionOf = [
  `create or replace function datacycle.session_of(who name) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$ select session_user = $1 or pg_has_role(session_user, $1, 'member') $$`,
  'grant execute on function datacycle.session_of(name) to public',
];

/** Makes what the policies of these nodes need, if any of them has some. Call it under the run lock, in a database with state. */
export async function ensureGuard(warehouse: Warehouse, nodes: readonly Node[]): Promise<void> {
  if (!nodes.some((node) => isBuilt(node) && rowSecurityOf(node) !== undefined)) return;
  const { rows } = await warehouse.query<{ there: boolean }>(
    `select to_regprocedure('datacycle.session_of(name)') is not null as there`,
  );
  if (rows[0]?.there === true) return;
  await warehouse.transaction(async (session) => {
    for (const statement of sessionOf) await session.query(statement);
  });
}

/** Who sees which rows of a table with row security, as the access model says now. @param known what {@link guardOf} answered. */
export async function readAccess(
  on: Queryable,
  table: RelationName,
  security: RowSecurity,
  known?: Guard,
): Promise<Access> {
  const { owner, said } = known ?? (await ask(on, guardOf(table, security)));
  // Before there is an access model, no role sees a row.
  return { owner, visible: said ? await readVisible(on, security) : [] };
}

/** Whose a table is, and whether its access model is there. */
export interface Guard {
  /** Of a table that does not exist yet: who will create it. */
  readonly owner: string;
  readonly said: boolean;
}

export function guardOf(table: RelationName, security: RowSecurity | undefined): Question<Guard> {
  return question(
    `select
         coalesce((
             select pg_get_userbyid(c.relowner)
             from pg_class as c
             join pg_namespace as n on n.oid = c.relnamespace
             where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p')
         ), current_user) as owner,
         to_regclass(nullif($3::text, '')) is not null as said`,
    [table.schema, table.name, security === undefined ? '' : relation(security.access)],
    ([row = { owner: '', said: false }]: readonly Guard[]) => row,
  );
}

/** What each role that the access model names may see. Names are compared without letter case; one without a role is ignored. */
async function readVisible(on: Queryable, { column, access }: RowSecurity): Promise<readonly Visible[]> {
  const value = `a.${identifier(column)}`;
  const { rows } = await on.query<{ role: string; values: string[] }>(
    `select
         r.rolname::text as role,
         jsonb_agg(distinct ${value}::text order by ${value}::text) as values
     from ${relation(access)} as a
     inner join pg_roles as r on lower(r.rolname::text collate "default") = lower(a."principal")
     where ${value} is not null
     group by r.rolname
     order by r.rolname`,
  );
  return rows;
}

/**
 * Brings the policies of all tables in line with an access model that has just been built, each in a transaction of its own,
 * so that no two tables are locked at once.
 */
export async function secureReaders(locks: LockWaits, manifest: Manifest, access: ModelNode): Promise<void> {
  for (const node of manifest.index.guardedBy.get(access.name) ?? []) await secureTable(locks, node);
}

/** Brings the policies of one table in line with its access model as it is now, in a transaction of its own. */
export async function secureTable(locks: LockWaits, node: BuiltNode): Promise<void> {
  const { relation: table } = node;
  const security = rowSecurityOf(node);
  if (security === undefined) return;
  await locks.transaction(node.name, async (session) => {
    const existing = await readRelation(session, table);
    if (existing?.kind !== 'table') return;
    const steps = secureRows(table, security, await readAccess(session, table, security), existing);
    await runSteps(session, steps, node);
  });
}

/** Whether tables are guarded by what this model says. */
export function isAccessModel(manifest: Manifest, node: ModelNode): boolean {
  return manifest.index.guardedBy.has(node.name);
}
