import { randomBytes } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import pg from 'pg';
import { openWarehouse } from '../../warehouse/open.ts';
import { literal } from '../../warehouse/quote.ts';
import { sessionSettings } from '../../warehouse/session-settings.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';

// Read once: a command that runs in this process has an environment of its own.
const { TEST_DB_URL: admin = '', TEST_EMBEDDED_DUMP: dump = '' } = process.env;

export interface TestDatabase {
  readonly warehouse: Warehouse;
  /** For a second connection or another process; undefined for the embedded database. */
  readonly url: string | undefined;
  drop(): Promise<void>;
}

export interface DatabaseKind {
  readonly name: string;
  open(settings?: Readonly<Record<string, string>>): Promise<TestDatabase>;
  /**
   * A database that begins as another one is, which takes a tenth of filling one again; that one's own connections must be closed.
   * Undefined where there is no such copy.
   */
  readonly copyOf?: (filled: TestDatabase) => Promise<TestDatabase>;
}

/** An embedded database that the last test is done with: making one takes seconds, emptying one does not. */
let spare: Warehouse | undefined;

const embedded: DatabaseKind = {
  name: 'PGlite',
  async open(settings) {
    const taken = settings === undefined ? spare : undefined;
    if (taken !== undefined) spare = undefined;
    const warehouse = taken ?? (await openEmbedded(settings));
    let isDropped = false;
    return {
      warehouse,
      url: undefined,
      async drop() {
        if (isDropped) return;
        isDropped = true;
        if (settings === undefined && spare === undefined && (await isEmptied(warehouse))) spare = warehouse;
        else await warehouse.close();
      },
    };
  },
};

/** An embedded database in memory, from the dump that the test run has made. */
export async function openEmbedded(settings: Readonly<Record<string, string>> = {}): Promise<Warehouse> {
  const beginWith = await openAsBlob(dump);
  const embedded = { url: undefined, folder: 'memory://', beginWith };
  return openWarehouse({ ...embedded, purpose: 'test', concurrency: 1, settings });
}

/** Takes away all that a test made and set. False where that cannot be done, and the database has to go. */
async function isEmptied(warehouse: Warehouse): Promise<boolean> {
  try {
    for (const sql of ['reset session authorization', 'discard temp']) await warehouse.query(sql);
    await warehouse.query(`do $$
declare
    one text;
begin
    for one in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
        execute format('drop schema %I cascade', one);
    end loop;
    for one in select rolname from pg_roles where rolname !~ '^pg_' and rolname <> current_user loop
        execute format('drop owned by %I cascade', one);
        execute format('drop role %I', one);
    end loop;
    create schema public;
    grant usage on schema public to public;
end $$`);
    const { rows } = await warehouse.query<{ left: number }>(leftovers);
    return Number(rows[0]?.left) === 0;
  } catch {
    return false;
  }
}

/** What dropping schemas and roles does not take along. */
const leftovers = `select (select count(*) from pg_db_role_setting)
    + (select count(*) from pg_default_acl)
    + (select count(*) from pg_database where datname = current_database() and datacl is not null)
    + (select count(*) from pg_event_trigger)
    + (select count(*) from pg_publication)
    + (select count(*) from pg_largeobject_metadata)
    + (select count(*) from pg_extension where extname <> 'plpgsql')
    + (select count(*) from pg_settings where source = 'session' and name not in (
        ${Object.keys(sessionSettings).map(literal).join(', ')},
        'work_mem', 'maintenance_work_mem', 'jit', 'application_name')) as left`;

/** Databases of the server that earlier tests are done with, emptied: making and dropping one takes much longer. */
const spareNames: string[] = [];

const server: DatabaseKind = {
  name: 'PostgreSQL',
  async open(settings = {}) {
    const taken = spareNames.pop();
    const name = taken ?? newName();
    if (taken === undefined) await asAdmin(admin, `create database ${name}`);
    return openOnServer(name, settings);
  },
  async copyOf({ url }) {
    const [name, template] = [newName(), new URL(url ?? '').pathname.slice(1)];
    await asAdmin(admin, `create database ${name} template ${template}`);
    return openOnServer(name);
  },
};

function newName(): string {
  return `datacycle_test_${randomBytes(6).toString('hex')}`;
}

async function openOnServer(name: string, settings: Readonly<Record<string, string>> = {}): Promise<TestDatabase> {
  const url = Object.assign(new URL(admin), { pathname: `/${name}` }).href;
  const warehouse = await openWarehouse({ url, folder: '', purpose: 'test', concurrency: 8, settings });
  let isDropped = false;
  return {
    warehouse,
    url,
    async drop() {
      if (isDropped) return;
      isDropped = true;
      await warehouse.close();
      if (await isEmptiedOnServer(url)) spareNames.push(name);
      else await asAdmin(admin, `drop database if exists ${name} with (force)`);
    },
  };
}

/** Takes away all that a test made in a database of the server. False where that cannot be done, and the database has to go. */
async function isEmptiedOnServer(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    await client.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    await client.query(`do $$
declare
    one text;
begin
    for one in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
        execute format('drop schema %I cascade', one);
    end loop;
    create schema public authorization pg_database_owner;
    grant usage on schema public to public;
end $$`);
    await client.query('select pg_stat_reset()');
    const { rows } = await client.query<{ left: string }>(
      `select (select count(*) from pg_db_role_setting where setdatabase =
               (select oid from pg_database where datname = current_database()))
           + (select count(*) from pg_default_acl)
           + (select count(*) from pg_database where datname = current_database() and datacl is not null)
           + (select count(*) from pg_event_trigger)
           + (select count(*) from pg_publication)
           + (select count(*) from pg_largeobject_metadata)
           + (select count(*) from pg_extension where extname <> 'plpgsql') as left`,
    );
    return rows[0]?.left === '0';
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function asAdmin(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/**
 * Both databases, the server where tests/postgres-server.ts found one: for the port, for one suite of each kind, and for
 * what is known to differ.
 */
export const databases: readonly DatabaseKind[] = admin === '' ? [embedded] : [embedded, server];

/** The server where there is one: for all that both databases are otherwise shown to agree on. */
export const oneDatabase = databases.slice(-1);

/** The server where there is one, and otherwise nothing: for what takes several connections. */
export const servers = databases.filter(({ name }) => name === 'PostgreSQL');
