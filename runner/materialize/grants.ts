import { identifier, literal, relation } from '../../warehouse/quote.ts';
import type { ColumnGrant, ExistingRelation, Grant } from '../catalog.ts';
import type { RelationName } from '../manifest.ts';
import { run, type Step } from './step.ts';

/**
 * Steps that give a relation that was just made the privileges that its predecessor of the same name had, and no others:
 * what default privileges gave it may have been taken away from the predecessor on purpose.
 * @param columns those that it has; privileges on one that is gone went with it.
 */
export function restoreGrants(
  name: RelationName,
  { grants, columnGrants }: Pick<ExistingRelation, 'grants' | 'columnGrants'>,
  columns: readonly string[],
): Step[] {
  const on = `on table ${relation(name.schema, name.name)}`;
  const give = ({ grantee, privilege, grantable }: Grant, column = '') => {
    const to = grantee === null ? 'public' : identifier(grantee);
    return run(`grant ${privilege.toLowerCase()}${column} ${on} to ${to}${grantable ? ' with grant option' : ''}`);
  };
  const single = columnGrants.filter(({ column }: ColumnGrant) => columns.includes(column));
  return [
    revokeAll(name),
    ...grants.map((grant) => give(grant)),
    ...single.map((grant) => give(grant, ` (${identifier(grant.column)})`)),
  ];
}

function revokeAll({ schema, name }: RelationName): Step {
  const table = literal(relation(schema, name));
  return run(`do $do$
declare
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
end
$do$`);
}
