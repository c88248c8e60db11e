// What `datacycle init` creates on a PostgreSQL server. commands/init.ts calls these files in this order:
//
//   1. address.ts, check-names.ts  both URLs name one server, and every name can be created
//   2. app-role.ts                 the user of DB_URL, with no more rights than it needs (scram.ts)
//   3. schemas.ts, reader-roles.ts the group of readers and a role for each apartment
//   4. database.ts                 the database, closed to everybody else
//   5. schemas.ts                  the schemas and default privileges, in one transaction
//
// changes.ts records what was created and what existed. A second run changes nothing.
import { UsageError } from '../../runner/text/errors.ts';
import { identifier } from '../../warehouse/quote.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import type { Changes } from './changes.ts';

/** Creates the database, in UTF-8, if it is missing. @throws UsageError if one of another encoding is there. */
export async function ensureDatabase(admin: Queryable, database: string, changes: Changes): Promise<void> {
  const { rows } = await admin.query<{ encoding: string }>(
    'select pg_encoding_to_char(encoding) as encoding from pg_database where datname = $1',
    [database],
  );
  const encoding = rows[0]?.encoding;
  if (encoding !== undefined && encoding !== 'UTF8') {
    throw new UsageError({
      what: `the database ${database} is encoded in ${encoding}, which cannot hold all that the sources send`,
      hint: 'Name another database in DB_URL; init creates it in UTF-8.',
    });
  }
  await changes.ensure(`database ${database}`, encoding !== undefined, () =>
    admin.query(`create database ${identifier(database)} template template0 encoding 'UTF8'`),
  );
}

/** Shuts the database and its schema public to everybody and opens the database to the application and its readers. */
export async function ensureAccess(
  admin: Queryable,
  database: string,
  role: string,
  reader: string,
  changes: Changes,
): Promise<void> {
  const name = identifier(database);
  await shut(admin, databaseIsOpen, `${database} shut to everybody else`, changes, () =>
    admin.query(`revoke connect, temporary on database ${name} from public`),
  );
  await shut(admin, publicIsOpen, 'schema public shut to everybody else', changes, () =>
    admin.query('revoke create on schema public from public'),
  );
  for (const [to, privileges] of [
    [role, ['CONNECT', 'TEMPORARY']],
    [reader, ['CONNECT']],
  ] as const) {
    const { rows } = await admin.query<{ held: boolean }>(
      `select bool_and(has_database_privilege($1::name, current_database(), p)) as held from unnest($2::text[]) as p`,
      [to, privileges],
    );
    const list = privileges.join(', ').toLowerCase();
    await changes.ensure(`${list} on ${database} for ${to}`, rows[0]?.held === true, () =>
      admin.query(`grant ${list} on database ${name} to ${identifier(to)}`),
    );
  }
  const { rows } = await admin.query<{ more: boolean }>(
    `select has_database_privilege($1::name, current_database(), 'CREATE') as more`,
    [role],
  );
  if (rows[0]?.more === true) {
    changes.notices.push(
      `${role} may create schemas in ${database}, which it does not need: it owns the database or was granted that.`,
    );
  }
}

const databaseIsOpen = `select exists (
    select from pg_database as d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) as a
    where d.datname = current_database() and a.grantee = 0
) as open, (select datdba::regrole::text from pg_database where datname = current_database()) as owner`;

const publicIsOpen = `select exists (
    select from pg_namespace as n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) as a
    where n.nspname = 'public' and a.grantee = 0 and a.privilege_type = 'CREATE'
) as open, (select nspowner::regrole::text from pg_namespace where nspname = 'public') as owner`;

/** PostgreSQL only warns if a role may not revoke, so the result is checked. */
async function shut(
  admin: Queryable,
  isOpen: string,
  what: string,
  changes: Changes,
  revoke: () => Promise<unknown>,
): Promise<void> {
  const before = (await admin.query<{ open: boolean; owner: string | null }>(isOpen)).rows[0];
  if (before?.open !== true) {
    changes.present.push(what);
    return;
  }
  await revoke();
  const after = (await admin.query<{ open: boolean }>(isOpen)).rows[0];
  if (after?.open === true) changes.notices.push(`Not ${what}: only its owner, ${before.owner}, can do that.`);
  else changes.done.push(what);
}
