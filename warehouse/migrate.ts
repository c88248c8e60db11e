import { setTimeout as sleep } from 'node:timers/promises';
import { DatacycleError, StatementError } from './errors.ts';
import { identifier, literal, relation } from './quote.ts';
import { sessionWords } from './session-words.ts';
import type { Queryable, Session, Warehouse } from './warehouse.ts';

/** How one schema of the program came to be, and what tells its migrations from those of other schemas. */
export interface Migrations {
  readonly schema: string;
  /** The key of the advisory lock under which they are applied. Nothing else in the database may lock it. */
  readonly lock: number;
  /** In order; the first is number 1. One that was released never changes: a new one is added at the end. */
  readonly steps: readonly ((session: Session) => Promise<void>)[];
}

/** How long a migration waits for a lock: whoever reads the table waits behind it. In milliseconds, as are the others. */
const lockMs = 3000;
/** How long readers go on before it is tried again, and for how long in all. */
const betweenMs = 2000;
const defaultLimitMs = 5 * 60_000;

/**
 * Creates a schema or migrates it. Each migration commits together with its number in the table `migration` of the schema, so a
 * killed one leaves nothing behind. It may be repeated and may run in several processes at once; if there is nothing to do, it
 * costs two small queries.
 * @param limitMs how long transactions of others that hold a lock are waited for.
 * @throws DatacycleError if the schema is newer than the program, or missing and the role may not create it, or if others hold
 * it for too long; StatementError.
 */
export async function migrate(
  warehouse: Pick<Warehouse, 'query' | 'transaction'>,
  migrations: Migrations,
  limitMs = defaultLimitMs,
): Promise<void> {
  const { schema, lock, steps } = migrations;
  const began = performance.now();
  for (;;) {
    const known = await appliedIn(warehouse, migrations).catch((error: unknown) => {
      if (!(error instanceof StatementError) || error.code !== '42501') throw error;
      throw new DatacycleError({
        what: `this user may not read the schema ${schema}, which it needs: ${error.message}`,
        hint: `Connect as the user who owns it; with DB_ADMIN_URL, \`datacycle init\` makes a login that owns what it needs.`,
        cause: error,
      });
    });
    if (known === steps.length) return;
    await warehouse
      .transaction(async (session) => {
        await session.query('select pg_advisory_xact_lock($1)', [lock]);
        if (known === 0) await createTable(session, schema);
        else await session.query(`select set_config('lock_timeout', $1, true)`, [`${lockMs}`]);
        const applied = await appliedIn(session, migrations);
        const next = steps[applied];
        // Undefined where another process was here while this session waited for the lock.
        if (next === undefined) return;
        await next(session);
        await session.query(`insert into ${relation(schema, 'migration')} (number) values ($1)`, [applied + 1]);
      })
      .catch(async (error: unknown) => {
        if (error instanceof StatementError && error.code === '55P03') {
          if (performance.now() - began >= limitMs) throw await lockHeld(warehouse, schema, error);
          return sleep(betweenMs);
        }
        if (!(error instanceof StatementError) || error.code !== '42501') throw error;
        throw new DatacycleError({
          what: `the schema ${schema} is of an older version, and this user may not change it: ${error.message}`,
          hint: 'Let the user who owns the schema run `datacycle init` or `datacycle build` once. Nothing was changed.',
          cause: error,
        });
      });
  }
}

/** Names the sessions that have locks on tables of a schema. */
async function lockHeld(on: Queryable, schema: string, cause: StatementError): Promise<DatacycleError> {
  const { rows } = await on.query<{ pid: number; words: string }>(
    `select l.pid, ${sessionWords('a', 'l.pid')}
         || coalesce(', ' || a.state, '') || ')' as words
     from (
         select distinct l.pid from pg_locks as l
         join pg_class as c on c.oid = l.relation
         join pg_namespace as n on n.oid = c.relnamespace
         where n.nspname = $1 and l.granted and l.pid <> pg_backend_pid()
             and l.database = (select oid from pg_database where datname = current_database())
     ) as l
     join pg_stat_activity as a on a.pid = l.pid and a.application_name is distinct from current_setting('application_name')
     order by l.pid`,
    [schema],
  );
  const ends = rows.map(({ pid }) => `select pg_terminate_backend(${pid});`).join(' ');
  return new DatacycleError({
    what: `the schema ${schema} is of an older version and cannot be changed while others hold its tables: ${rows.map(({ words }) => words).join(', ') || 'they have just ended'}`,
    hint: `Nothing was changed. Repeat the command when their transactions have ended, or end them as their user or a superuser: ${ends}`,
    cause,
  });
}

/** A migration that is a list of statements, sent one by one. */
export function statements(list: readonly string[]): (session: Session) => Promise<void> {
  return async (session) => {
    for (const statement of list) await session.query(statement);
  };
}

/** The version of a schema compared with the program's. `changeable`: whether this session may migrate it. */
export interface SchemaVersion {
  readonly outdated: boolean;
  readonly changeable: boolean;
}

/**
 * Reads the version of a schema without changing it. It is no error if the schema is missing or this session may not read it.
 * @returns undefined where it is missing, has no number yet, or may not be read.
 * @throws DatacycleError if it is newer than the program.
 */
export async function readVersion(on: Queryable, migrations: Migrations): Promise<SchemaVersion | undefined> {
  // From the catalog: to_regclass fails where the session may not use the schema.
  const { rows } = await on.query<{ readable: boolean; changeable: boolean }>(
    `select has_schema_privilege(n.oid, 'USAGE') and has_table_privilege(c.oid, 'SELECT') as readable,
         pg_has_role(c.relowner, 'USAGE') and has_schema_privilege(n.oid, 'CREATE')
             and current_setting('transaction_read_only') = 'off' as changeable
     from pg_class as c
     join pg_namespace as n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = 'migration'`,
    [migrations.schema],
  );
  if (rows[0]?.readable !== true) return undefined;
  const applied = await appliedIn(on, migrations);
  return { outdated: applied < migrations.steps.length, changeable: rows[0].changeable };
}

async function appliedIn(on: Queryable, { schema, steps }: Migrations): Promise<number> {
  const table = relation(schema, 'migration');
  const found = await on.query(`select to_regclass(${literal(`${schema}.migration`)}) as found`);
  if ((found.rows[0]?.found ?? null) === null) return 0;
  const { rows } = await on.query<{ applied: number }>(`select coalesce(max(number), 0) as applied from ${table}`);
  const applied = Number(rows[0]?.applied ?? 0);
  if (applied <= steps.length) return applied;
  throw new DatacycleError({
    what: `the schema ${schema} of this database has version ${applied}, and this datacycle knows it up to version ${steps.length}`,
    hint: 'A newer datacycle has worked here. Update datacycle, then repeat the command; nothing was changed.',
  });
}

/** Makes the table of the numbers, and the schema for it. */
async function createTable(session: Session, schema: string): Promise<void> {
  await createSchema(session, schema);
  await session.query(
    `create table if not exists ${relation(schema, 'migration')} (number integer primary key, applied_at timestamptz not null default now())`,
  );
}

async function createSchema(session: Session, schema: string): Promise<void> {
  // `if not exists` alone asks for the right to create schemas even where the schema is there. And to_regnamespace may not
  // know yet what was created while this session waited for the lock; a scan of the catalog does.
  const { rows } = await session.query(`select 1 from pg_namespace where nspname = ${literal(schema)}`);
  if (rows.length > 0) return;
  await session.query(`create schema ${identifier(schema)}`).catch((error: unknown) => {
    if (!(error instanceof StatementError) || error.code !== '42501') throw error;
    throw new DatacycleError({
      what: `the schema ${schema} does not exist, and this user may not create it`,
      hint: 'Run `datacycle init` first: it creates every schema that the project needs.',
      cause: error,
    });
  });
}
