import { UsageError } from '../../runner/text/errors.ts';
import { identifier, identifiers } from '../../warehouse/quote.ts';
import type { Queryable, Session } from '../../warehouse/warehouse.ts';
import type { Changes } from './changes.ts';

/** The schemas that people and their tools read. */
export const readable = ['gold', 'bi'];

/** The group of those who read, for the administrator to add people to. */
export function readerOf(role: string): string {
  return `${role}_reader`;
}

/** Creates the group of readers if it is missing. @throws UsageError if the role there can do more than read. */
export async function ensureReader(admin: Queryable, reader: string, changes: Changes): Promise<void> {
  const { rows } = await admin.query<{ plain: boolean }>(
    `select not (rolcanlogin or rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls) as plain
     from pg_roles where rolname = $1`,
    [reader],
  );
  if (rows[0]?.plain === false) {
    throw new UsageError({
      what: `the role ${reader} is there, but it is no mere group: it can log in or has rights over the server`,
      hint: 'Rename it, or name another user in DB_URL: the group of its readers is called <user>_reader.',
    });
  }
  await changes.ensure(`group ${reader}`, rows.length > 0, () =>
    admin.query(
      `create role ${identifier(reader)} nologin nosuperuser nocreatedb nocreaterole noreplication nobypassrls`,
    ),
  );
}

/**
 * Creates the schemas, owned by the application, and lets readers read what it will put into gold and bi. Belongs into
 * one transaction: an administrator who is no superuser is a member of the application's role while it lasts.
 * @throws UsageError if a schema belongs to another role.
 */
export async function ensureSchemas(
  admin: Session,
  role: string,
  reader: string,
  schemas: readonly string[],
  changes: Changes,
): Promise<void> {
  const { rows } = await admin.query<{ name: string; owner: string }>(
    'select nspname as name, nspowner::regrole::text as owner from pg_namespace where nspname = any($1::text[])',
    [schemas],
  );
  const { rows: own } = await admin.query<{ role: string }>('select quote_ident($1) as role', [role]);
  const owners = new Map(rows.map(({ name, owner }) => [name, owner]));
  const foreign = rows.find(({ owner }) => owner !== own[0]?.role);
  if (foreign !== undefined) {
    throw new UsageError({
      what: `the schema ${foreign.name} belongs to ${foreign.owner}, not to ${role}`,
      hint: `Give it and what is in it away (alter schema ${identifier(foreign.name)} owner to ${identifier(role)}), or name another database in DB_URL.`,
    });
  }
  const joined = await join(admin, role);
  for (const schema of schemas) {
    await changes.ensure(`schema ${schema}`, owners.has(schema), () =>
      admin.query(`create schema ${identifier(schema)} authorization ${identifier(role)}`),
    );
  }
  await admin.query(`set local role ${identifier(role)}`);
  await letRead(admin, role, reader, changes);
  await admin.query('reset role');
  if (joined) await admin.query(`revoke ${identifier(role)} from current_user`);
}

/** Who creates for another has to be a member of that role, which a superuser always is. @returns whether that was needed. */
async function join(admin: Session, role: string): Promise<boolean> {
  const { rows } = await admin.query<{ member: boolean }>(
    // From 16 on a member may be kept from becoming the role.
    `select pg_has_role(current_user, $1::name,
         case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end) as member`,
    [role],
  );
  if (rows[0]?.member === true) return false;
  await admin.query(`grant ${identifier(role)} to current_user`);
  return true;
}

/** As the application: it grants what is its own, and what it will create. */
async function letRead(app: Session, role: string, reader: string, changes: Changes): Promise<void> {
  const to = identifier(reader);
  const { rows } = await app.query<{
    usage: boolean;
    tables: boolean;
    future: boolean;
    functions: boolean;
    closed: boolean;
  }>(
    `with wanted as (
         select n.oid, n.nspname
         from pg_namespace as n
         where n.nspname = any($3::text[])
     ),

     defaults as (
         select
             d.defaclnamespace as schema,
             d.defaclobjtype as kind,
             a.grantee,
             a.privilege_type as privilege
         from pg_default_acl as d, aclexplode(d.defaclacl) as a
         where d.defaclrole = (select r.oid from pg_roles as r where r.rolname = $1)
     ),

     reader as (
         select r.oid
         from pg_roles as r
         where r.rolname = $2
     )

     select
         (select bool_and(has_schema_privilege($2::name, w.oid, 'USAGE')) from wanted as w) as usage,
         not exists (
             select from pg_class as c
             where c.relnamespace in (select w.oid from wanted as w)
                 and c.relkind in ('r', 'p', 'v', 'm')
                 and not c.relispartition
                 and pg_get_userbyid(c.relowner) = $1
                 and not has_table_privilege($2::name, c.oid, 'SELECT')
         ) as tables,
         (select bool_and(exists (
             select from defaults as d, reader as r
             where d.schema = w.oid and d.kind = 'r' and d.grantee = r.oid and d.privilege = 'SELECT'
         )) from wanted as w) as future,
         (select bool_and(exists (
             select from defaults as d, reader as r
             where d.schema = w.oid and d.kind = 'f' and d.grantee = r.oid
         )) from wanted as w) as functions,
         exists (select from defaults as d where d.schema = 0 and d.kind = 'f')
         and not exists (select from defaults as d where d.schema = 0 and d.kind = 'f' and d.grantee = 0) as closed`,
    [role, reader, readable],
  );
  const found = rows[0];
  const names = readable.join(' and ');
  await changes.ensure(`${reader} may look into ${names}`, found?.usage === true, () =>
    app.query(`grant usage on schema ${identifiers(readable)} to ${to}`),
  );
  await changes.ensure(`${reader} may read what is in ${names}`, found?.tables === true, () =>
    app.query(`grant select on all tables in schema ${identifiers(readable)} to ${to}`),
  );
  await changes.ensure(`${reader} may read what will be in ${names}`, found?.future === true, () =>
    app.query(`alter default privileges in schema ${identifiers(readable)} grant select on tables to ${to}`),
  );
  // The runner creates no functions there; functions that are created by hand are for the same readers.
  await changes.ensure(`${reader} may call the functions of ${names}`, found?.functions === true, () =>
    app.query(`alter default privileges in schema ${identifiers(readable)} grant execute on functions to ${to}`),
  );
  // Only without a schema: what PostgreSQL grants to public by default cannot be revoked schema by schema.
  await changes.ensure(`functions of ${role} shut to everybody else`, found?.closed === true, () =>
    app.query('alter default privileges revoke execute on functions from public'),
  );
}
