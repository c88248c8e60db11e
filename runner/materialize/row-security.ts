import { createHash } from 'node:crypto';
import { identifier, identifiers, literal, relation } from '../../warehouse/quote.ts';
import type { ExistingRelation, Parties } from '../catalog.ts';
import type { RelationName, RowSecurity } from '../manifest.ts';
import { SqlText } from '../sql-text.ts';
import { run, type Step } from './step.ts';

/** A function that says which values of `column` somebody may see; one stands beside the tables that it guards. */
export interface VisibleFunction {
  readonly relation: RelationName;
  readonly security: RowSecurity;
  /** In PostgreSQL's units, cpu_operator_cost. */
  readonly cost: number;
}

/** What the policies of the runner are called; those of other names are somebody else's. */
const ours = /^datacycle_(?:reads|writes)_[0-9a-f]{6}$/;

/**
 * The two functions that a protected table's policies call. They do the same. What readers' queries call is as dear as it
 * really is, so that the planner calls it once, for an index, and not for every row. What stands behind the owner's own
 * access is hardly ever called; were it dear, all plans of the owner's builds would look alike to the planner.
 */
export function visibleFunctions(schema: string, security: RowSecurity): readonly [VisibleFunction, VisibleFunction] {
  const named = (name: string, cost: number) => ({ relation: { schema, name }, security, cost });
  return [named(security.name, 1000), named(`${security.name}_in_views`, 1)];
}

/** The function's body: runs with the owner's rights, so it answers nobody about anybody else. */
export function visibleBody({ column, access }: RowSecurity): string {
  const table = relation(access.schema, access.name);
  return `
begin
    -- Nobody is told what others see, and nobody sees anything before it is said who sees what.
    if not pg_has_role(session_user, $1, 'member') or to_regclass(${literal(table)}) is null then
        return '{}';
    end if;
    return (
        select coalesce(array_agg(distinct a.${identifier(column)}), '{}')
        from ${table} as a
        inner join pg_roles as r on lower(r.rolname::text collate "default") = lower(a."principal")
        where pg_has_role($1, r.oid, 'usage')
    );
end
`;
}

/** Settings that the function runs with: no object of the caller's can take the place of one it names. */
export const visibleSettings = 'search_path=pg_catalog, pg_temp';

/** Makes the function, or makes it as it should be; policies that call it stay. */
export function createVisible({ relation: { schema, name }, security, cost }: VisibleFunction): string {
  return `create or replace function ${relation(schema, name)}(who name) returns ${security.type}[]
language plpgsql stable security definer parallel safe cost ${cost}
set search_path = pg_catalog, pg_temp
as $visible$${visibleBody(security)}$visible$`;
}

interface Policy {
  readonly name: string;
  readonly definition: string;
}

/** The policies that a table is to have. */
function policiesOf(table: RelationName, security: RowSecurity, { owner, readers }: Parties): Policy[] {
  const [forReaders, inViews] = visibleFunctions(table.schema, security);
  const visible = ({ relation: { schema, name } }: VisibleFunction) =>
    `${identifier(security.column)} = any(${relation(schema, name)}(current_user))`;
  const own = `session_user = ${literal(owner)} or pg_has_role(session_user, ${literal(owner)}, 'member')`;
  // Through a view with the owner's rights the session is somebody else's, who sees no more than otherwise. That the first
  // part is asked for being known, not for being true, makes the planner expect that it holds.
  const writes = policy(
    'writes',
    `for all to ${identifier(owner)}
using (
    (case when ${own} then true end) is not null
    or ${visible(inViews)}
)
with check (${own})`,
  );
  if (readers.length === 0) return [writes];
  const to = readers.includes(null) ? 'public' : identifiers(readers.filter((name) => name !== null));
  return [writes, policy('reads', `for select to ${to}\nusing (${visible(forReaders)})`)];
}

/** The name changes with the definition, so that a changed declaration is seen. */
function policy(what: 'reads' | 'writes', definition: string): Policy {
  const mark = createHash('sha256').update(definition).digest('hex').slice(0, 6);
  return { name: `datacycle_${what}_${mark}`, definition };
}

/**
 * Steps that give a table its row security, or take away what the runner once made. Policies of other names stay.
 * @param parties undefined for a table without row security.
 * @param existing undefined right after the table was created.
 */
export function secureRows(
  table: RelationName,
  security: RowSecurity | undefined,
  parties: Parties | undefined,
  existing: ExistingRelation | undefined,
): Step[] {
  const at = relation(table.schema, table.name);
  const standing = existing?.rowSecurity ?? { enabled: false, forced: false, policies: [] };
  const made = standing.policies.filter(({ name }) => ours.test(name));
  const drop = ({ name }: { readonly name: string }) => run(`drop policy ${identifier(name)} on ${at}`);
  if (security === undefined || parties === undefined) {
    if (made.length === 0) return [];
    const others = standing.policies.length > made.length;
    const off = others ? 'no force row level security' : 'no force row level security,\n    disable row level security';
    return [...made.map(drop), run(`alter table ${at}\n    ${off}`)];
  }
  const wanted = policiesOf(table, security, parties);
  const kept = made.filter(({ name, intact }) => intact && wanted.some((one) => one.name === name));
  const missing = wanted.filter(({ name }) => !kept.some((one) => one.name === name));
  const on = standing.enabled && standing.forced;
  return [
    ...made.filter((one) => !kept.includes(one)).map(drop),
    ...(on ? [] : [run(`alter table ${at}\n    enable row level security,\n    force row level security`)]),
    ...missing.map(({ name, definition }) => run(`create policy ${identifier(name)} on ${at}\n${definition}`)),
    ...(missing.length === 0 ? [] : [seal(at, missing)]),
  ];
}

/** What a policy of the row `p` of pg_policy says, as a short text that changes when somebody alters it. */
export const policySeal = `'datacycle ' || md5(concat_ws(' ', p.polcmd, p.polpermissive,
    (select string_agg(coalesce(r.rolname, 'public'), ' ' order by r.rolname)
        from unnest(p.polroles) as g (oid) left join pg_roles as r on r.oid = g.oid),
    pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)))`;

/** Keeps in a comment how the policies were made, so that one that was altered by hand is known. */
function seal(at: string, policies: readonly Policy[]): Step {
  return {
    kind: 'run',
    sql: new SqlText(`do $do$
declare
    made record;
begin
    for made in
        select p.polname as name, ${policySeal.replaceAll('\n', '\n        ')} as seal
        from pg_policy as p
        where p.polrelid = ${literal(at)}::regclass
            and p.polname in (${policies.map(({ name }) => literal(name)).join(', ')})
    loop
        execute format('comment on policy %I on ${at.replaceAll('%', '%%').replaceAll("'", "''")} is %L', made.name, made.seal);
    end loop;
end
$do$`),
  };
}
