import { DatacycleError } from '../../warehouse/errors.ts';
import { identifier } from '../../warehouse/quote.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { hasState } from '../state/schema.ts';

interface StateBefore {
  readonly schema: string;
  readonly me: string;
  readonly usable: boolean;
  /** Whether it holds the table in which models are recorded. */
  readonly begun: boolean;
  /** The tables that this login may not read. */
  readonly closed: readonly string[];
}

/**
 * Whether there is bookkeeping, which tells what has been built.
 * @param schemas where it is: that of the target, and that of what all targets share.
 * @throws DatacycleError if this login may not read it, or if it is of an older version: then nothing true can be said.
 */
export async function isRecordedIn(on: Queryable, schemas: readonly string[]): Promise<boolean> {
  // From the catalog: to_regclass fails where the session may not use the schema.
  const { rows } = await on.query<StateBefore & Record<string, unknown>>(
    `select n.nspname::text as schema, current_user::text as me, has_schema_privilege(n.oid, 'USAGE') as usable,
         coalesce(bool_or(c.relname = 'model'), false) as begun,
         coalesce(array_agg(c.relname::text order by c.relname) filter (
             where c.relname not like 'audit%' and not has_table_privilege(c.oid, 'SELECT')), '{}') as closed
     from pg_namespace as n
     left join pg_class as c on c.relnamespace = n.oid and c.relkind in ('r', 'p')
     where n.nspname = any ($1)
     group by n.oid
     order by n.nspname`,
    [schemas],
  );
  for (const { schema, me, usable, closed } of rows) {
    const role = identifier(me);
    if (!usable) throw refused(schema, me, `grant usage on schema ${identifier(schema)} to ${role};`);
    const tables = `grant select on all tables in schema ${identifier(schema)} to ${role};`;
    if (closed.length > 0) throw refused(`${schema}.${closed[0]}`, me, tables);
  }
  if (await hasState(on)) return true;
  const older = rows.find(({ schema, begun }) => begun && schema === schemas[0]);
  if (older === undefined) return false;
  throw new DatacycleError({
    what: `the schema ${older.schema} is of an older version, and a build migrates it first: what it would do after that is not known before`,
    hint: 'Run `datacycle init` or a build once as the user who owns the schema, then plan again. Nothing was changed.',
  });
}

function refused(what: string, user: string, grant: string): DatacycleError {
  return new DatacycleError({
    what: `the user ${user} may not read ${what}, which tells what has been built`,
    hint: `Let its owner run: ${grant}`,
  });
}
