import { dollarQuoted, identifier, literal } from '../../../warehouse/quote.ts';
import { type ExistingRelation, partitionsOf } from '../../database/catalog.ts';
import { ownPolicy } from '../../database/policies.ts';
import { regclass } from './partition-guards.ts';
import { type Access, ownersPolicy } from './row-security.ts';
import { run, type Step } from './step.ts';
import { placeOf } from './structure.ts';
import type { TableTarget } from './target.ts';

/** Lines of plpgsql that take every privilege on the table `part` from everybody but its owner, and so from those whom they gave it. */
const revokeAll = [
  `for reader in`,
  `    select distinct g.grantee, r.rolname`,
  `    from pg_class as c`,
  `    cross join aclexplode(c.relacl) as g`,
  `    left join pg_roles as r on r.oid = g.grantee`,
  `    where c.oid = part::regclass and g.grantee <> c.relowner`,
  `loop`,
  `    execute 'revoke all on table ' || part || ' from ' || coalesce(quote_ident(reader.rolname), 'public') || ' cascade';`,
  `end loop;`,
];

/**
 * Lines of plpgsql that close the table `part` to everybody who queries it directly. Neither the table's privileges nor its policies
 * count for its partitions, and default privileges may grant some. The owner still sees all rows, as a backup must.
 * ```sql
 * revoke all on table part from <each grantee> cascade; alter table part enable row level security;
 * ```
 */
export function guardPartition({ rowSecurity, access }: Pick<TableTarget, 'rowSecurity' | 'access'>): string {
  const lines = [...revokeAll];
  if (rowSecurity === undefined || access === undefined)
    lines.push(`execute 'alter table ' || part || ' enable row level security, no force row level security';`);
  else {
    const { name, definition } = ownersPolicy(access.owner);
    lines.push(
      `execute 'alter table ' || part || ' enable row level security, force row level security';`,
      `execute ${literal(`create policy ${identifier(name)} on `)} || part || ${literal(` ${definition.replaceAll('\n', ' ')}`)};`,
    );
  }
  return lines.map((line) => `\n        ${line}`).join('');
}

/**
 * Closes the partitions of an existing table to direct queries ({@link guardPartition}), where they are not closed as declared now:
 * ```sql
 * do $$ ... for each partition: drop policy ...; revoke all ...; alter table ... enable row level security; ... $$
 * ```
 */
export function securePartitions(target: TableTarget, existing: ExistingRelation | undefined): Step[] {
  const { partitionBy, rowSecurity, access } = target;
  const partitions = existing?.partitions ?? undefined;
  if (partitionBy === undefined || partitions === undefined) return [];
  const wanted = guardOf(rowSecurity === undefined ? undefined : access);
  if (!partitions.open && partitions.guards.every((one) => JSON.stringify([one.forced, one.policies]) === wanted))
    return [];
  const owner = rowSecurity === undefined ? undefined : access;
  return [
    run(
      `do ${dollarQuoted(`declare
    one record;
    part text;
    reader record;
begin
    for one in
        ${partitionsOf(`${regclass(placeOf(target))}`).replaceAll('\n', '\n        ')}
    loop
        part := one.oid::regclass::text;
        for reader in select polname from pg_policy where polrelid = one.oid and polname ~ '${ownPolicy.source}' loop
            execute format('drop policy %I on %s', reader.polname, part);
        end loop;${guardPartition({ rowSecurity: owner && rowSecurity, access: owner })}
    end loop;
end`)}`,
    ),
  ];
}

function guardOf(access: Access | undefined): string {
  return JSON.stringify([access !== undefined, access === undefined ? [] : [ownersPolicy(access.owner).name]]);
}
