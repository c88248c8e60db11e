import { createHash } from 'node:crypto';
import { dollarQuoted, identifier, literal, type RelationName, relation } from '../../../warehouse/quote.ts';
import type { ExistingRelation } from '../../database/catalog.ts';
import { ownPolicy, policyFingerprint } from '../../database/policies.ts';
import type { RowSecurity } from '../../manifest/manifest.ts';
import { SqlText } from '../../text/sql-text.ts';
import { run, type Step } from './step.ts';

/** What a role may see: the values of the guarded column, as text. */
export interface Visible {
  readonly role: string;
  readonly values: readonly string[];
}

/** Who is to see what of a table. */
export interface Access {
  /** Of the table; sees everything. */
  readonly owner: string;
  readonly visible: readonly Visible[];
}

interface Policy {
  readonly name: string;
  readonly definition: string;
}

/**
 * The policies of a table. They compare with constants: PostgreSQL may evaluate a reader's own condition before a policy, and if the
 * policy read another table, those reads would tell whether the condition was true.
 */
function policiesOf({ column, type }: RowSecurity, { owner, visible }: Access): Policy[] {
  const readers = visible
    .filter(({ role, values }) => role !== owner && values.length > 0)
    .map(({ role, values }) =>
      policy('reads', `for select to ${identifier(role)}\nusing (${identifier(column)} ${equals(values, type)})`),
    );
  return [ownersPolicy(owner), ...readers];
}

/**
 * The policy by which the owner sees and writes everything in its own sessions: `for all to owner using (...) with check (...)`.
 */
export function ownersPolicy(owner: string): Policy {
  // Through a view with the owner's rights, the session is another role's, which then sees no row.
  const own = `datacycle.session_of(${literal(owner)})`;
  return policy('writes', `for all to ${identifier(owner)}\nusing (${own})\nwith check (${own})`);
}

function equals(values: readonly string[], type: string): string {
  const list = values.map(literal).join(', ');
  return values.length === 1 ? `= ${list}::${type}` : `= any (array[${list}]::${type}[])`;
}

/** The name changes with the definition, so that a changed declaration is seen. */
function policy(what: 'reads' | 'writes', definition: string): Policy {
  const mark = createHash('sha256').update(definition).digest('hex').slice(0, 8);
  return { name: `datacycle_${what}_${mark}`, definition };
}

/**
 * Gives a table its row security, or removes what the runner once created. Policies of other names stay.
 * ```sql
 * alter table t enable row level security, force row level security;
 * create policy datacycle_reads_1a2b3c4d on t for select to reader using ("apartment" = 'jimmy');
 * ```
 * @param access known for a table with row security.
 * @param existing undefined right after the table was created.
 */
export function secureRows(
  table: RelationName,
  security: RowSecurity | undefined,
  access: Access | undefined,
  existing: ExistingRelation | undefined,
): Step[] {
  const at = relation(table);
  const present = existing?.rowSecurity ?? { enabled: false, forced: false, policies: [] };
  const own = present.policies.filter(({ name }) => ownPolicy.test(name));
  const drop = ({ name }: { readonly name: string }) => run(`drop policy if exists ${identifier(name)} on ${at}`);
  if (security === undefined || access === undefined) {
    if (own.length === 0) return [];
    const others = present.policies.length > own.length;
    const off = others ? 'no force row level security' : 'no force row level security,\n    disable row level security';
    return [...own.map(drop), run(`alter table ${at}\n    ${off}`)];
  }
  const wanted = policiesOf(security, access);
  const kept = own.filter(({ name, intact }) => intact && wanted.some((one) => one.name === name));
  const missing = wanted.filter(({ name }) => !kept.some((one) => one.name === name));
  const on = present.enabled && present.forced;
  return [
    ...own.filter((one) => !kept.includes(one)).map(drop),
    ...(on ? [] : [run(`alter table ${at}\n    enable row level security,\n    force row level security`)]),
    ...missing.map(({ name, definition }) => run(`create policy ${identifier(name)} on ${at}\n${definition}`)),
    ...(missing.length === 0 ? [] : [seal(at, missing)]),
  ];
}

/** Records a fingerprint of the policies in their comments, so that a policy that was altered by hand is recognised. */
function seal(at: string, policies: readonly Policy[]): Step {
  return {
    kind: 'run',
    sql: new SqlText(
      `do ${dollarQuoted(`declare
    made record;
begin
    for made in
        select p.polname as name, ${policyFingerprint.replaceAll('\n', '\n        ')} as seal
        from pg_policy as p
        where p.polrelid = ${literal(at)}::regclass
            and p.polname in (${policies.map(({ name }) => literal(name)).join(', ')})
    loop
        execute format('comment on policy %I on ${at.replaceAll('%', '%%').replaceAll("'", "''")} is %L', made.name, made.seal);
    end loop;
end`)}`,
    ),
  };
}
