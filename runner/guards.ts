import { StatementError } from '../warehouse/errors.ts';
import { identifier, relation } from '../warehouse/quote.ts';
import type { Queryable, Warehouse } from '../warehouse/warehouse.ts';
import { NodeError } from './errors.ts';
import type { Manifest } from './manifest.ts';
import { createGuard, type Guard, guardSettings, guardsOf } from './materialize/row-security.ts';

/**
 * Makes the functions that the policies of these nodes call, where they are missing or not as they should be, and lets
 * those call them who may look into their schema. Call it under the run lock, before anything is built.
 * @throws NodeError if a function of that name returns something else or is somebody else's.
 */
export async function ensureGuards(warehouse: Warehouse, manifest: Manifest, order: readonly string[]): Promise<void> {
  const wanted = new Map<string, Guard>();
  for (const id of order) {
    const node = manifest.nodes.get(id);
    if (node?.kind !== 'model' || node.rowSecurity === undefined) continue;
    for (const guard of guardsOf(node.relation.schema, node.rowSecurity)) wanted.set(signature(guard), guard);
  }
  for (const guard of wanted.values()) await warehouse.transaction((session) => ensureGuard(session, guard));
}

function signature({ relation: { schema, name } }: Guard): string {
  return `${relation(schema, name)}(name)`;
}

async function ensureGuard(session: Queryable, guard: Guard): Promise<void> {
  const { schema, name } = guard.relation;
  if (!(await isAsWanted(session, guard))) {
    await session.query(createGuard(guard)).catch((error: unknown) => {
      if (!(error instanceof StatementError) || (error.code !== '42P13' && error.code !== '42501')) throw error;
      throw new NodeError({
        what: `the function ${schema}.${name}, which row security calls, cannot be made: ${error.message}`,
        hint: `Drop it with the policies that call it (drop function ${signature(guard)} cascade) and build again: they are all made anew, and until then readers see nothing.`,
        cause: error,
      });
    });
  }
  // Whoever may look into the schema calls the guard by reading its tables.
  const { rows } = await session.query<{ open: boolean; forAll: boolean; closed: string[] }>(
    `with readers as (
         select g.grantee as role
         from pg_namespace as n
         cross join aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) as g
         where n.nspname = $2 and g.privilege_type = 'USAGE'
     ),

     callers as (
         select g.grantee as role
         from pg_proc as f
         cross join aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) as g
         where f.oid = $1::regprocedure
     )

     select
         0::oid in (select c.role from callers as c) as open,
         0::oid in (select r.role from readers as r) as "forAll",
         (
             select coalesce(jsonb_agg(p.rolname order by p.rolname), '[]')
             from readers as r
             inner join pg_roles as p on p.oid = r.role
             where r.role not in (select c.role from callers as c)
         ) as closed`,
    [signature(guard), schema],
  );
  const { open = false, forAll = false, closed = [] } = rows[0] ?? {};
  const allow = (to: string) => session.query(`grant execute on function ${signature(guard)} to ${to}`);
  if (open && !forAll) await session.query(`revoke execute on function ${signature(guard)} from public`);
  if (forAll && !open) await allow('public');
  for (const reader of closed) await allow(identifier(reader));
}

async function isAsWanted(session: Queryable, guard: Guard): Promise<boolean> {
  const { rows } = await session.query<{ same: boolean }>(
    `select f.prosrc = $2 and f.prorettype = to_regtype($3) and l.lanname = $4 and f.provolatile = left($5, 1)
         and f.prosecdef = $6::boolean and f.procost = $7::real and f.proconfig = array[$8]
         and f.proparallel = 's' and not f.proisstrict as same
     from pg_proc as f
     inner join pg_language as l on l.oid = f.prolang
     where f.oid = to_regprocedure($1)`,
    [
      signature(guard),
      guard.body,
      guard.returns,
      guard.language,
      guard.volatility,
      guard.definer,
      guard.cost,
      guardSettings,
    ],
  );
  return rows[0]?.same === true;
}
