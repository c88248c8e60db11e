import { UsageError } from '../../runner/text/errors.ts';
import { ConnectionError } from '../../warehouse/errors.ts';
import { identifier, literal } from '../../warehouse/quote.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { type Address, codeOf, connected } from './address.ts';
import { type Changes, wasCreatedMeanwhile } from './changes.ts';
import { scramVerifier } from './scram.ts';

/** Roles of PostgreSQL's own whose members can reach the server's files or programs. */
const powerful = ['pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files'];

/**
 * Creates the user that DB_URL names, without any right but to log in, or checks that the one that is there has no more.
 * Its password reaches the server as a SCRAM verifier only.
 * @throws UsageError if the user there may do too much, may not log in, or has another password.
 */
export async function ensureAppRole(
  admin: Queryable,
  app: Address,
  rotatePassword: boolean,
  changes: Changes,
): Promise<void> {
  const name = identifier(app.user);
  const password = app.password === '' ? '' : ` password ${literal(scramVerifier(app.password))}`;
  const { rows } = await admin.query<{ can_login: boolean }>(
    'select rolcanlogin as can_login from pg_roles where rolname = $1',
    [app.user],
  );
  const found = rows[0];
  if (rotatePassword && password === '')
    throw new UsageError({ what: 'DB_URL has no password to rotate to', hint: 'Put the new password into DB_URL.' });
  if (found === undefined) {
    try {
      await admin.query(
        `create role ${name} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls${password}`,
      );
    } catch (error) {
      if (!wasCreatedMeanwhile(error)) throw error;
      // Its password and rights are checked like those of any role that is there.
      await ensureAppRole(admin, app, rotatePassword, changes);
      return;
    }
    changes.done.push(`user ${app.user}`);
    if (password === '')
      changes.notices.push(`DB_URL has no password: ${app.user} can log in only where the server asks for none.`);
    return;
  }
  if (!found.can_login) {
    throw new UsageError({
      what: `the role ${app.user}, which DB_URL names, is a group: it cannot log in`,
      hint: 'Choose another user in DB_URL.',
    });
  }
  await refusePowerful(admin, app.user);
  if (rotatePassword) {
    await admin.query(`alter role ${name}${password}`);
    changes.done.push(`password of ${app.user}`);
  } else {
    await refuseWrongPassword(app);
    changes.present.push(`user ${app.user}`);
  }
}

/** @throws UsageError if the role, or one that it is a member of, can do more than an application should. */
async function refusePowerful(admin: Queryable, role: string): Promise<void> {
  const { rows } = await admin.query<{ name: string; powers: string }>(
    `select r.rolname as name, concat_ws(', ',
         case when r.rolsuper then 'superuser' end,
         case when r.rolcreaterole then 'createrole' end,
         case when r.rolcreatedb then 'createdb' end,
         case when r.rolreplication then 'replication' end,
         case when r.rolbypassrls then 'bypassrls' end,
         case when r.rolname = any($2::text[]) then 'files and programs of the server' end) as powers
     from pg_roles as r
     where pg_has_role($1::name, r.oid, 'MEMBER')
         and (r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls
             or r.rolname = any($2::text[]))
     order by r.rolname <> $1, r.rolname
     limit 1`,
    [role, powerful],
  );
  const found = rows[0];
  if (found === undefined) return;
  const through = found.name === role ? '' : `is a member of ${found.name}, which `;
  throw new UsageError({
    what: `the user ${role}, which DB_URL names, ${through}has more rights than an application should: ${found.powers}`,
    hint: 'Choose another user in DB_URL; init creates it. Nothing was changed.',
  });
}

/** A login tells; whether the database is there yet does not matter, since the password is asked for first. */
async function refuseWrongPassword(app: Address): Promise<void> {
  try {
    await connected(app, (warehouse) => warehouse.query('select 1'));
  } catch (error) {
    if (!(error instanceof ConnectionError)) return;
    if (codeOf(error) !== '28P01') return;
    throw new UsageError({
      what: `the user ${app.user} is there, but with another password than DB_URL's`,
      hint: "Correct the password in DB_URL, or give the user DB_URL's: datacycle init --rotate-password. Nothing was changed.",
    });
  }
}
