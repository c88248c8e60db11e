import type { Key, KeyRing } from '../../api/keys/keys.ts';
import { Refused } from '../../api/keys/keys.ts';
import { Logins } from '../../api/keys/logins.ts';
import { hasRelation } from '../../runner/manifest/manifest.ts';
import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';
import type { Resident } from '../../ui/data/port.ts';
import { DatacycleError } from '../../warehouse/errors.ts';
import { identifier, relation } from '../../warehouse/quote.ts';
import type { Row, Warehouse } from '../../warehouse/warehouse.ts';
import { roleOf } from '../init/reader-roles.ts';
import { apartmentsOf, textSetting } from '../settings/settings.ts';
import { explorable, explored, models, presenceMap, type ReadRows, type Shown } from './explore.ts';

/** A statement of a resident ends after so many seconds. */
const statementSecs = 30;

/** The residents that have links, and what ends their sessions. */
export interface Residents {
  readonly all: readonly Resident[];
  /** Lets the roles of the embedded database read what Explore shows: after each job, which may have created tables. */
  readonly refresh: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Those of `UI_RESIDENTS`: logins of the server, or apartments of the embedded database. Each reads by the database's row security: on a
 * server in sessions of its own login, on the embedded database, which has no logins, in transactions of its apartment's role.
 * @throws UsageError for a name without a password, and for an apartment that the project has not.
 */
export function residentsOf(shown: Shown & { readonly project: Project }, signal: AbortSignal): Residents {
  const { project } = shown;
  const names = listOf(project, 'UI_RESIDENTS');
  const url = project.env.DB_URL;
  if (names.length === 0) return { all: [], refresh: async () => undefined, close: async () => undefined };
  if (!url) return embedded(shown, names);
  const passwords = listOf(project, 'UI_RESIDENT_PASSWORDS').map((text) => decoded(text, 'UI_RESIDENT_PASSWORDS'));
  if (passwords.length !== names.length)
    throw new UsageError({
      what: `UI_RESIDENTS names ${names.length} logins, and UI_RESIDENT_PASSWORDS has ${passwords.length} passwords`,
      hint: 'Write a password for each, in the same order, with commas between them; a comma within one is %2C, a % is %25.',
    });
  const keys = new Logins({ url, statementSecs, signal });
  return {
    all: names.map((login, at) => ({
      name: login,
      questions: questionsOf(shown, readsAs(keys, { login, password: passwords[at] ?? '' })),
    })),
    refresh: async () => undefined,
    close: () => keys.close(),
  };
}

function listOf(project: Project, name: string): readonly string[] {
  return (textSetting(project, name) ?? '').split(',').flatMap((text) => text.trim() || []);
}

function decoded(text: string, setting: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UsageError({ what: `${setting} has a % that encodes nothing`, hint: 'Write a % as %25.' });
  }
}

function readsAs(keys: KeyRing, key: Key): ReadRows {
  return async <R extends Row>(sql: string, params: readonly unknown[]) => {
    try {
      const reader = keys.known(key) ?? (await keys.letIn(key));
      return (await reader.query<R>(sql, params, 'parsed')).rows;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      throw new UsageError({
        what: 'the database does not let this link in',
        detail: `${key.login}: ${error.message}`,
      });
    }
  };
}

function embedded(shown: Shown & { readonly project: Project }, names: readonly string[]): Residents {
  const roles = names.map((name) => {
    const role = apartmentsOf(shown.project).some(({ id }) => id === name) ? roleOf(shown.project, name) : undefined;
    if (role !== undefined) return role;
    const known = apartmentsOf(shown.project).map(({ id }) => id);
    throw new UsageError({
      what: `UI_RESIDENTS names ${name}, which is no apartment of this project with a role of its own`,
      hint: `The embedded database has no logins: name apartments (${known.join(', ')}); vars.access in project.yml names their roles.`,
    });
  });
  return {
    all: roles.map((role, at) => ({
      name: names[at] ?? role,
      questions: questionsOf(shown, (sql, params) => readIn(shown, role, sql, params)),
    })),
    refresh: async () => ensureRoles(await shown.warehouse(), await shown.compiled(), roles),
    close: async () => undefined,
  };
}

/** One statement with the rights of a role, and no others: the transaction only reads, and ends with the statement. */
async function readIn<R extends Row>(
  shown: Shown,
  role: string,
  sql: string,
  params: readonly unknown[],
): Promise<readonly R[]> {
  return (await shown.warehouse()).transaction(async (session) => {
    await session.query(`set local role ${identifier(role)}`);
    await session.query('set transaction read only');
    return (await session.query<R>(sql, params)).rows;
  });
}

/** Creates missing roles, and lets them read the tables of Explore; which rows of them, the policies of the next build say. */
async function ensureRoles(
  on: Warehouse,
  { manifest }: Awaited<ReturnType<Shown['compiled']>>,
  roles: readonly string[],
): Promise<void> {
  const tables = models.flatMap((name) => {
    const node = manifest.nodes.get(`model.${name}`);
    return node !== undefined && hasRelation(node) ? [node.relation] : [];
  });
  for (const role of roles) {
    const to = identifier(role);
    const { rows } = await on.query<{ role: string; more: boolean }>(
      'select rolname as role, rolsuper or rolbypassrls or rolcanlogin as more from pg_roles where rolname = $1',
      [role],
    );
    if (rows[0]?.more === true)
      throw new UsageError({
        what: `the role ${role} of the embedded database can do more than read`,
        hint: 'Rename it, or choose another apartment_role in vars.access.',
      });
    if (rows.length === 0) await on.query(`create role ${to} nologin`);
    const lacking = await on.query<{ schema: string; name: string }>(
      `select schema, name
       from unnest($1::text[], $2::text[]) as wanted (schema, name)
       cross join lateral (select to_regclass(format('%I.%I', schema, name)) as oid) as found
       where found.oid is not null
         and not (has_schema_privilege($3, schema, 'usage') and has_table_privilege($3, found.oid, 'select'))`,
      [tables.map(({ schema }) => schema), tables.map(({ name }) => name), role],
    );
    for (const { schema, name } of lacking.rows) {
      await on.query(`grant usage on schema ${identifier(schema)} to ${to}`);
      await on.query(`grant select on ${relation({ schema, name })} to ${to}`);
    }
  }
}

/** What a resident may ask. Of the project it hears the name, and of what fails no more than that it failed. */
function questionsOf(shown: Shown & { readonly project: Project }, read: ReadRows): Resident['questions'] {
  const { project } = shown;
  const discreet = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof UsageError || !(error instanceof DatacycleError)) throw error;
      throw new DatacycleError({ what: 'this cannot be shown now', hint: 'Ask whoever runs these pages.' });
    }
  };
  return {
    about: {
      params: [],
      ask: async () => ({
        project: project.settings.name,
        target: '',
        database: '',
        isEmbedded: false,
        version: '',
        sources: [],
      }),
    },
    explorable: { params: [], ask: () => discreet(explorable(shown, read)) },
    explore: {
      params: ['apartment', 'measure', 'from', 'to'],
      ask: (given) => discreet(explored(shown, given, read)),
    },
    presence: {
      params: ['apartment'],
      ask: ({ apartment = '' }) => discreet(presenceMap(shown, apartment, read)),
    },
  };
}
