import { ensureStaging } from '../../loaders/landing/staging.ts';
import { compiledProject } from '../../runner/cache/cache.ts';
import type { Manifest } from '../../runner/manifest/manifest.ts';
import type { Project } from '../../runner/project/project.ts';
import { bookkeepingSchema } from '../../runner/state/own-bookkeeping.ts';
import { ensureState } from '../../runner/state/schema.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { ConnectionError } from '../../warehouse/errors.ts';
import { type Address, codeOf, connected, readAddress, withDatabase } from '../init/address.ts';
import { ensureAppRole } from '../init/app-role.ts';
import { Changes } from '../init/changes.ts';
import { checkNames, checkSameServer } from '../init/check-names.ts';
import { ensureAccess, ensureDatabase } from '../init/database.ts';
import { ensureLogin, ensureReaderRoles, readerRolesOf } from '../init/reader-roles.ts';
import { ensureReader, ensureSchemas, readable, readerOf } from '../init/schemas.ts';
import { textSetting } from '../settings/settings.ts';
import { unreadNotices } from '../settings/unread-settings.ts';
import type { Terminal } from '../terminal/terminal.ts';

export interface InitFlags {
  readonly rotatePassword: boolean;
}

/** Where models may be built besides the schemas that they name themselves. */
const always = ['staging', 'datacycle', 'seeds', 'silver', ...readable];

/**
 * Makes a server ready: with DB_ADMIN_URL it creates the user and the database that DB_URL names and the schemas of the
 * project, then proves with DB_URL that all can be done with it. Repeating it changes nothing.
 * @throws UsageError if the settings or what is there make no sense; ConnectionError.
 */
export async function init(project: Project, flags: InitFlags, terminal: Terminal): Promise<0> {
  const unread = unreadNotices(project.env);
  const url = textSetting(project, 'DB_URL');
  if (url === undefined) {
    const text = 'DB_URL is not set: the embedded database needs no init.';
    if (terminal.json) for (const one of [text, ...unread]) terminal.event({ type: 'notice', text: one });
    else terminal.say(text);
    if (!terminal.json) for (const one of unread) terminal.notice(one);
    return 0;
  }
  const { app, admin } = addresses(url, textSetting(project, 'DB_ADMIN_URL'));
  const roles = readerRolesOf(project);
  const own = bookkeepingSchema(project.target.schema);
  const schemas = [...new Set([...schemasOf((await compiledProject(project)).manifest), own])];
  const changes = new Changes();
  changes.notices.push(...unread);
  if (schemas.includes('public')) {
    changes.notices.push(
      'Some models are to be built in the schema public, where the user may not create anything: give them a schema (+schema in project.yml).',
    );
  }
  const wanted = schemas.filter((schema) => schema !== 'public');
  const reader = readerOf(app.user);
  await connected(admin, async (warehouse) => {
    await ensureAppRole(warehouse, app, flags.rotatePassword, changes);
    await ensureReader(warehouse, reader, changes);
    if (roles !== undefined) await ensureReaderRoles(warehouse, roles, reader, changes);
    await ensureDatabase(warehouse, app.database, changes);
  });
  await connected(withDatabase(admin, app.database), async (warehouse) => {
    await ensureAccess(warehouse, app.database, app.user, reader, changes);
    await warehouse.transaction((session) => ensureSchemas(session, app.user, reader, wanted, changes));
    if (roles !== undefined) await ensureLogin(warehouse, roles, app, reader, flags.rotatePassword, changes);
  });
  await prove(app, wanted);
  report(app, changes, terminal);
  return 0;
}

function addresses(url: string, adminUrl: string | undefined): { app: Address; admin: Address } {
  const given = readAddress('DB_URL', url);
  const app = given.database === '' ? withDatabase(given, given.user) : given;
  if (adminUrl === undefined) {
    throw new UsageError({
      what: 'DB_ADMIN_URL is not set: init needs to log in as a user with the right to create databases and roles',
      hint: `Set it for this one command, e.g. DB_ADMIN_URL=postgres://postgres:password@${new URL(app.url).host}/postgres; it is used once and kept nowhere.`,
    });
  }
  const admin = readAddress('DB_ADMIN_URL', adminUrl);
  if (admin.user === app.user) {
    throw new UsageError({
      what: `DB_URL and DB_ADMIN_URL name the same user, ${app.user}`,
      hint: 'In DB_URL name the user that the application is to have, e.g. datacycle; init creates it.',
    });
  }
  checkNames(app);
  checkSameServer(app, admin);
  return { app, admin: admin.database === '' ? withDatabase(admin, 'postgres') : admin };
}

function schemasOf(manifest: Manifest): string[] {
  const built = [...manifest.nodes.values()].flatMap((node) =>
    node.kind === 'seed' || (node.kind === 'model' && node.materialized !== 'ephemeral') ? [node.relation.schema] : [],
  );
  return [...new Set([...always, ...built])];
}

/** Logs in as the application does and makes the tables that loads and runs need. */
async function prove(app: Address, schemas: readonly string[]): Promise<void> {
  try {
    await connected(app, async (warehouse) => {
      const { rows } = await warehouse.query<{ name: string }>(
        `select s as name from unnest($1::text[]) as s
         where not (has_schema_privilege(s, 'USAGE') and has_schema_privilege(s, 'CREATE'))`,
        [schemas],
      );
      if (rows.length > 0) {
        throw new UsageError({
          what: `${app.user} may not create tables in ${rows.map(({ name }) => name).join(', ')}`,
          hint: 'The owner of the schema has lost the privilege: grant it again.',
        });
      }
      await ensureStaging(warehouse);
      await ensureState(warehouse);
    });
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    const hints: Readonly<Record<string, string>> = {
      '28P01':
        "The password in DB_URL is not the user's: correct it, or run datacycle init --rotate-password. If it should be: does DB_URL name the same server as DB_ADMIN_URL?",
      '3D000': 'Does DB_URL name the same server as DB_ADMIN_URL? There the database is.',
      '28000': 'pg_hba.conf on the server does not let this user in from here; add a line for it.',
    };
    throw new ConnectionError({
      what: `all is created, but DB_URL does not work: ${error.message}`,
      hint: hints[codeOf(error)] ?? error.hint,
      cause: error.cause,
    });
  }
}

function report(app: Address, changes: Changes, terminal: Terminal): void {
  const { done, present, notices } = changes;
  if (terminal.json) {
    terminal.event({ type: 'init', database: app.database, user: app.user, done, present, notices });
    return;
  }
  for (const what of done) terminal.say(`  created  ${what}`, 'good');
  for (const what of present) terminal.say(`  present  ${what}`, 'faint');
  for (const text of notices) terminal.notice(text);
  terminal.say(
    done.length === 0
      ? `Nothing to do: ${app.database} is ready for ${app.user}.`
      : `${app.database} is ready for ${app.user}. DB_ADMIN_URL is not needed any more: take it out of .env.`,
    'good',
  );
}
