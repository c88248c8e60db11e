import { dollarQuoted, identifier, literal, type RelationName, relation } from '../../../warehouse/quote.ts';
import type { ColumnGrant, Grant, Privileges } from '../../database/attachments.ts';
import type { Grants } from '../../project/additive-settings.ts';
import { privileges } from '../../project/privileges.ts';
import { type SettingPlaces, settingPlace } from '../../project/setting-places.ts';
import type { RecordedGrant } from '../../state/created.ts';
import { SqlText } from '../../text/sql-text.ts';
import { run, type Step } from './step.ts';

/**
 * Gives a relation that was just created the privileges of the relation that it replaced, and no others: what default privileges
 * grant may have been revoked from that one on purpose.
 * ```sql
 * revoke all on table t from <each grantee>; grant select on table t to reader; grant select ("room") on table t to reader;
 * ```
 * @param columns the columns that it has; privileges on a column that is gone are left out.
 */
export function restoreGrants(
  name: RelationName,
  { grants, columnGrants }: Privileges,
  columns: readonly string[],
): Step[] {
  const single = columnGrants.filter(({ column }: ColumnGrant) => columns.includes(column));
  return [
    revokeAll(name),
    ...grants.map((grant) => run(grantAgain(name, grant))),
    ...single.map((grant) => run(grantAgain(name, grant))),
  ];
}

/**
 * The statement that grants a privilege on a relation or on one column: `grant select ("room") on table t to reader`.
 */
export function grantAgain({ schema, name }: RelationName, grant: Grant | ColumnGrant): string {
  const { grantee, privilege, grantable } = grant;
  const column = 'column' in grant ? ` (${identifier(grant.column)})` : '';
  const to = grantee === null ? 'public' : identifier(grantee);
  return `grant ${privilege.toLowerCase()}${column} on table ${relation(schema, name)} to ${to}${grantable ? ' with grant option' : ''}`;
}

function revokeAll({ schema, name }: RelationName): Step {
  const table = literal(relation(schema, name));
  return run(
    `do ${dollarQuoted(`declare
    other text;
begin
    for other in
        select distinct coalesce(quote_ident(r.rolname), 'public')
        from pg_class as c
        cross join aclexplode(c.relacl) as g
        left join pg_roles as r on r.oid = g.grantee
        where c.oid = ${table}::regclass and g.grantee <> c.relowner
    loop
        execute 'revoke all on table ' || ${table} || ' from ' || other;
    end loop;
end`)}`,
  );
}

export interface GrantPlan {
  readonly steps: readonly Step[];
  /** The grants that the setting made and that may be revoked again, to be recorded. */
  readonly created: readonly RecordedGrant[];
}

/**
 * Brings a relation's privileges in line with the setting `grants`: grants what is declared and missing, and revokes what the
 * setting granted and no longer declares. Other grants were given by hand and stay.
 * ```sql
 * revoke select on table t from reporter; grant select on table t to reader;
 * ```
 * @param existing the privileges of others than the owner.
 * @param owner needs no grant.
 * @param created as an earlier plan returned it.
 */
export function alignGrants(
  name: RelationName,
  grants: Grants,
  {
    existing,
    owner,
    created,
    settings,
  }: {
    readonly existing: readonly Grant[];
    readonly owner: string;
    readonly created: readonly RecordedGrant[];
    readonly settings: SettingPlaces;
  },
): GrantPlan {
  const has = ({ privilege, role }: RecordedGrant) =>
    role === owner ||
    existing.some((one) => one.privilege.toLowerCase() === privilege && (one.grantee ?? everybody) === role);
  const declared = privileges.flatMap((privilege) =>
    (grants[privilege] ?? []).map((role, number) => ({
      privilege,
      role,
      place: settingPlace(settings, 'grants', privilege, number),
    })),
  );
  const isDeclared = (one: RecordedGrant) => declared.some((other) => isSameGrant(one, other));
  const missing = declared.filter((one) => !has(one));
  const obsolete = created.filter((one) => !isDeclared(one) && has(one) && one.role !== owner);
  const on = `on table ${relation(name)}`;
  return {
    steps: [
      ...obsolete.map(({ privilege, role }) => run(`revoke ${privilege} ${on} from ${roleName(role)}`)),
      ...missing.map(({ privilege, role, place }) => {
        const sql = `grant ${privilege} ${on} to ${roleName(role)}`;
        return run(place === undefined ? sql : new SqlText(sql).framedBy(place));
      }),
    ],
    created: [...created.filter(isDeclared), ...missing.map(({ privilege, role }) => ({ privilege, role }))].filter(
      (one, at, all) => all.findIndex((other) => isSameGrant(one, other)) === at,
    ),
  };
}

export function isSameGrant(one: RecordedGrant, other: RecordedGrant): boolean {
  return one.privilege === other.privilege && one.role === other.role;
}

const everybody = 'public';

function roleName(role: string): string {
  return role === everybody ? role : identifier(role);
}
