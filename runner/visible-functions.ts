import { StatementError } from '../warehouse/errors.ts';
import { identifier, relation } from '../warehouse/quote.ts';
import type { Queryable, Warehouse } from '../warehouse/warehouse.ts';
import { readParties } from './catalog.ts';
import { NodeError } from './errors.ts';
import type { Manifest } from './manifest.ts';
import {
  createVisible,
  type VisibleFunction,
  visibleBody,
  visibleFunctions,
  visibleSettings,
} from './materialize/row-security.ts';

/**
 * Makes the functions that the policies of these nodes call, where they are missing or not as they should be, and lets
 * those call them who may look into their schema. Call it under the run lock, before anything is built.
 * @throws NodeError if a function of that name returns something else or is somebody else's.
 */
export async function ensureVisibleFunctions(
  warehouse: Warehouse,
  manifest: Manifest,
  order: readonly string[],
): Promise<void> {
  const wanted = new Map<string, VisibleFunction>();
  for (const id of order) {
    const node = manifest.nodes.get(id);
    if (node?.kind !== 'model' || node.rowSecurity === undefined) continue;
    for (const one of visibleFunctions(node.relation.schema, node.rowSecurity)) wanted.set(signature(one), one);
  }
  for (const one of wanted.values()) await warehouse.transaction((session) => ensureVisible(session, one));
}

function signature({ relation: { schema, name } }: VisibleFunction): string {
  return `${relation(schema, name)}(name)`;
}

async function ensureVisible(session: Queryable, wanted: VisibleFunction): Promise<void> {
  const { schema, name } = wanted.relation;
  if (!(await isAsWanted(session, wanted))) {
    await session.query(createVisible(wanted)).catch((error: unknown) => {
      if (!(error instanceof StatementError) || (error.code !== '42P13' && error.code !== '42501')) throw error;
      throw new NodeError({
        what: `the function ${schema}.${name}, which row security calls, cannot be made: ${error.message}`,
        hint: `Drop it with the policies that call it (drop function ${signature(wanted)} cascade) and build again: they are all made anew, and until then readers see nothing.`,
        cause: error,
      });
    });
  }
  const { readers } = await readParties(session, wanted.relation);
  const { rows } = await session.query<{ open: boolean; closed_to: (string | null)[] }>(
    `select
         exists (
             select from aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) as g where g.grantee = 0
         ) as open,
         (
             select coalesce(jsonb_agg(n.name), '[]')
             from jsonb_array_elements_text($2::jsonb) as n (name)
             where n.name is not null and not has_function_privilege(n.name::name, f.oid, 'EXECUTE')
         ) as closed_to
     from pg_proc as f
     where f.oid = $1::regprocedure`,
    [signature(wanted), JSON.stringify(readers)],
  );
  const found = rows[0];
  const forAll = readers.includes(null);
  if (found?.open === true && !forAll) {
    await session.query(`revoke execute on function ${signature(wanted)} from public`);
    // Who could call it as anybody can may call it no more.
    for (const reader of readers) if (reader !== null) await letCall(session, wanted, identifier(reader));
  } else if (found?.open === false && forAll) {
    await letCall(session, wanted, 'public');
  }
  for (const reader of found?.closed_to ?? []) if (reader !== null) await letCall(session, wanted, identifier(reader));
}

async function letCall(session: Queryable, wanted: VisibleFunction, to: string): Promise<void> {
  await session.query(`grant execute on function ${signature(wanted)} to ${to}`);
}

async function isAsWanted(session: Queryable, wanted: VisibleFunction): Promise<boolean> {
  const { rows } = await session.query<{ same: boolean }>(
    `select f.prosrc = $2 and f.prosecdef and f.provolatile = 's' and f.proparallel = 's' and not f.proisstrict
         and f.procost = $3::real and f.proconfig = array[$4] and l.lanname = 'plpgsql'
         and f.prorettype = to_regtype($5) as same
     from pg_proc as f
     inner join pg_language as l on l.oid = f.prolang
     where f.oid = to_regprocedure($1)`,
    [signature(wanted), visibleBody(wanted.security), wanted.cost, visibleSettings, `${wanted.security.type}[]`],
  );
  return rows[0]?.same === true;
}
