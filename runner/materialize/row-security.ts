import { createHash } from 'node:crypto';
import { identifier, literal, relation } from '../../warehouse/quote.ts';
import type { ExistingRelation } from '../catalog.ts';
import type { RelationName, RowSecurity } from '../manifest.ts';
import { SqlText } from '../sql-text.ts';
import { run, type Step } from './step.ts';

/** What the policies of the runner are called; those of other names are somebody else's. */
const ours = /^datacycle_(?:reads|writes)_[0-9a-f]{6}$/;

/** A function that policies call; it takes the name of a role. */
export interface Guard {
  readonly relation: RelationName;
  readonly returns: string;
  readonly language: 'sql' | 'plpgsql';
  readonly volatility: 'stable' | 'immutable';
  /** It runs with the rights of its owner. */
  readonly definer: boolean;
  /** In units of cpu_operator_cost. */
  readonly cost: number;
  readonly body: string;
}

/** Settings that guards run with: no object of the caller's can take the place of one that they name. */
export const guardSettings = 'search_path=pg_catalog, pg_temp';

/** The functions that the policies of one schema's tables call for `security`. */
export function guardsOf(schema: string, security: RowSecurity): readonly [Guard, Guard] {
  return [visibleValues(schema, security), sessionOf(schema)];
}

/**
 * The values of the column that a role sees. Reads the access model with its owner's rights, so it answers nobody about
 * anybody else. It costs what it says, so that the planner calls it once, for an index, and not for every row.
 */
function visibleValues(schema: string, { column, type, name, access }: RowSecurity): Guard {
  const table = relation(access.schema, access.name);
  const body = `
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
  return {
    relation: { schema, name },
    returns: `${type}[]`,
    language: 'plpgsql',
    volatility: 'stable',
    definer: true,
    cost: 1000,
    body,
  };
}

/** The function {@link sessionOf} makes, in every schema with protected tables. */
const sessionGuard = 'datacycle_session_of';

/**
 * Whether who logged in is the role or a member of it. As immutable the planner asks once and plans with the answer, so
 * that the owner's builds pay nothing for policies. It may: a login changes for superusers alone, and PostgreSQL plans
 * queries of protected tables anew when the user changes.
 */
function sessionOf(schema: string): Guard {
  return {
    relation: { schema, name: sessionGuard },
    returns: 'boolean',
    language: 'sql',
    volatility: 'immutable',
    definer: false,
    cost: 100,
    body: ` select session_user = $1 or pg_has_role(session_user, $1, 'member') `,
  };
}

/** Makes the function, or makes it as it should be; policies that call it stay. */
export function createGuard(guard: Guard): string {
  const { relation: at, returns, language, volatility, definer, cost, body } = guard;
  return `create or replace function ${relation(at.schema, at.name)}(who name) returns ${returns}
language ${language} ${volatility} security ${definer ? 'definer' : 'invoker'} parallel safe cost ${cost}
set search_path = pg_catalog, pg_temp
as $guard$${body}$guard$`;
}

interface Policy {
  readonly name: string;
  readonly definition: string;
}

/** The policies that a table is to have. */
function policiesOf(table: RelationName, security: RowSecurity, owner: string): Policy[] {
  const call = (name: string, who: string) => `${relation(table.schema, name)}(${who})`;
  // Through a view with the owner's rights the session is somebody else's, who sees no more than otherwise.
  const own = call(sessionGuard, literal(owner));
  return [
    policy('writes', `for all to ${identifier(owner)}\nusing (${own})\nwith check (${own})`),
    policy(
      'reads',
      `for select to public\nusing (${identifier(security.column)} = any(${call(security.name, 'current_user')}))`,
    ),
  ];
}

/** The name changes with the definition, so that a changed declaration is seen. */
function policy(what: 'reads' | 'writes', definition: string): Policy {
  const mark = createHash('sha256').update(definition).digest('hex').slice(0, 6);
  return { name: `datacycle_${what}_${mark}`, definition };
}

/**
 * Steps that give a table its row security, or take away what the runner once made. Policies of other names stay.
 * @param owner of the table; undefined for one without row security.
 * @param existing undefined right after the table was created.
 */
export function secureRows(
  table: RelationName,
  security: RowSecurity | undefined,
  owner: string | undefined,
  existing: ExistingRelation | undefined,
): Step[] {
  const at = relation(table.schema, table.name);
  const standing = existing?.rowSecurity ?? { enabled: false, forced: false, policies: [] };
  const made = standing.policies.filter(({ name }) => ours.test(name));
  const drop = ({ name }: { readonly name: string }) => run(`drop policy ${identifier(name)} on ${at}`);
  if (security === undefined || owner === undefined) {
    if (made.length === 0) return [];
    const others = standing.policies.length > made.length;
    const off = others ? 'no force row level security' : 'no force row level security,\n    disable row level security';
    return [...made.map(drop), run(`alter table ${at}\n    ${off}`)];
  }
  const wanted = policiesOf(table, security, owner);
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
