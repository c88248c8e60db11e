import { finished, pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { concealer, secretPrefix } from './conceal.ts';
import { ConnectionError, DatacycleError, StatementError } from './errors.ts';
import { connectionFields } from './postgres-address.ts';
import { startupOptions } from './startup-options.ts';
import { textParser, valueParsers } from './values.ts';
import type { Exclusive, Isolation, Result, Row, Session, Values, Warehouse } from './warehouse.ts';

export interface PostgresOptions {
  /** A `postgres://` URL. */
  readonly url: string;
  readonly applicationName: string;
  /** Sessions that may work at once, without the one that holds a lock. */
  readonly concurrency: number;
  /** Session settings, e.g. `work_mem`; applied on every new connection. */
  readonly settings: Readonly<Record<string, string>>;
}

/** The namespace of this program's advisory locks: "data" in ASCII. */
const lockClass = 0x64617461;

const unreachable: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: is PostgreSQL running, and do host and port fit?',
  ENOTFOUND: 'the host name cannot be resolved',
  EAI_AGAIN: 'the host name cannot be resolved at the moment',
  ETIMEDOUT: 'the host does not answer: is a firewall in between?',
  ECONNRESET: 'the server closed the connection',
  EPIPE: 'the server closed the connection',
  ENOENT: 'the socket does not exist: is PostgreSQL running?',
  '28P01': 'the password is wrong for this user',
  '28000': 'the server refuses this user (pg_hba.conf)',
  '3D000': 'the database does not exist; create it, or name another one',
  '53300': 'the server has no connection left',
  '57P01': 'the server closed the connection (an administrator, or it is shutting down)',
  '57P02': 'the server crashed while this connection was open',
  '57P03': 'the server is starting up or shutting down; try again in a moment',
};

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/**
 * Opens PostgreSQL 15 or newer. Connects lazily: the first statement finds out whether the server answers.
 * @throws ConnectionError if the URL cannot be used, without repeating it.
 */
export function openPostgres(options: PostgresOptions): Warehouse {
  const { url, applicationName, concurrency, settings } = options;
  const address = withoutSecrets(url);
  const conceal = concealer(settings);
  const fields = connectionFields(url);
  const entries = Object.entries({ TimeZone: 'UTC', DateStyle: 'ISO', ...settings });
  const secrets = entries.filter(([name]) => name.startsWith(secretPrefix));
  const open = entries.filter(([name]) => !name.startsWith(secretPrefix));
  const pool = new pg.Pool({
    ...fields,
    // Overrides the URL's, since messages identify the holder of a lock by it.
    application_name: applicationName,
    options: [
      fields.options ?? process.env.PGOPTIONS ?? [],
      secrets.length > 0 ? startupOptions(Object.fromEntries(secrets)) : [],
    ]
      .flat()
      .join(' '),
    max: concurrency + 2,
    connectionTimeoutMillis: 15_000,
    idleTimeoutMillis: 10_000,
    // A server that vanished without a word is noticed within a minute, not never.
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
    types: {
      getTypeParser: (id: number, format?: 'text' | 'binary') =>
        (format !== 'binary' && valueParsers[id]) || pg.types.getTypeParser(id, format),
    } as pg.CustomTypesConfig,
  });
  // An idle connection that breaks must not end the process; the next statement reports it.
  pool.on('error', () => undefined);
  const prepared = new WeakSet<pg.PoolClient>();
  const running = new Set<pg.PoolClient>();

  function translate(error: unknown, sql: string): Error {
    if (error instanceof DatacycleError) return error;
    const code = codeOf(error);
    const message = error instanceof Error && error.message !== '' ? error.message : String(error);
    const reason = unreachable[code];
    const lost =
      !(error instanceof pg.DatabaseError) &&
      /terminated|timeout exceeded|not queryable|Client was closed/i.test(message);
    if (reason !== undefined || lost) {
      return new ConnectionError({
        what: `cannot work with ${address}: ${reason ?? message}`,
        hint: 'Check DB_URL (environment or .env).',
        cause: error,
      });
    }
    if (!(error instanceof pg.DatabaseError)) {
      return new ConnectionError({
        what: `cannot work with ${address}: ${message}`,
        hint: 'Check DB_URL (environment or .env).',
        cause: error,
      });
    }
    return StatementError.from(error, sql, conceal);
  }

  async function acquire(): Promise<pg.PoolClient> {
    let client: pg.PoolClient | undefined;
    try {
      client = await pool.connect();
      if (!prepared.has(client)) {
        client.on('error', () => undefined);
        // The secrets came with the connection: a server may log statements, and what they are given.
        const sets = open.map((_, index) => `set_config($${2 * index + 1}, $${2 * index + 2}, false)`);
        await client.query(`select ${sets.join(', ')}`, open.flat());
        prepared.add(client);
      }
      running.add(client);
      return client;
    } catch (error) {
      client?.release(true);
      throw translate(error, '');
    }
  }

  function release(client: pg.PoolClient, broken: boolean): void {
    running.delete(client);
    client.release(broken);
  }

  async function run<R extends Row>(
    client: pg.ClientBase,
    sql: string,
    params?: readonly unknown[],
    values: Values = 'parsed',
  ): Promise<Result<R>> {
    try {
      const given = params === undefined || params.length === 0 ? undefined : [...params];
      const result = await client.query<R>(values === 'text' ? { ...asText, text: sql } : sql, given);
      return {
        rows: result.rows,
        rowCount: result.rowCount ?? 0,
        columns: (result.fields ?? []).map((field) => field.name),
      };
    } catch (error) {
      throw translate(error, sql);
    }
  }

  function sessionOn(client: pg.PoolClient): Session {
    return {
      query: (sql, params, values) => run(client, sql, params, values),
      async copyIn(sql, chunks) {
        const stream = client.query(copyFrom(sql));
        try {
          await pipeline(chunks, stream);
          return stream.rowCount;
        } catch (error) {
          throw error instanceof pg.DatabaseError ? translate(error, sql) : error;
        }
      },
      async *copyOut(sql) {
        const stream = client.query(copyTo(sql));
        try {
          for await (const chunk of stream.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
        } catch (error) {
          throw translate(error, sql);
        } finally {
          // Whoever reads leaves early: the rest has to come in before the connection can do anything else.
          if (!stream.readableEnded && !stream.errored) await finished(stream.resume()).catch(() => undefined);
        }
      },
    };
  }

  async function session<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const client = await acquire();
    let broken = true;
    try {
      const value = await work(sessionOn(client));
      broken = false;
      return value;
    } catch (error) {
      broken = error instanceof ConnectionError;
      throw error;
    } finally {
      release(client, broken);
    }
  }

  async function transaction<T>(
    work: (session: Session) => Promise<T>,
    isolation: Isolation = 'read committed',
  ): Promise<T> {
    const client = await acquire();
    let broken = true;
    try {
      await run(client, `begin isolation level ${isolation}`);
      const value = await work(sessionOn(client));
      await run(client, 'commit');
      broken = false;
      return value;
    } catch (error) {
      // If the rollback fails, the connection is broken, and the server rolls back by itself.
      broken = await client.query('rollback').then(
        () => false,
        () => true,
      );
      throw error;
    } finally {
      release(client, broken);
    }
  }

  async function holder(name: string): Promise<string | undefined> {
    const { rows } = await warehouse.query<{ holder: string }>(
      // Of another role's session only its process id and user are visible.
      `select coalesce(nullif(a.application_name, ''), 'a session') || ' (server process ' || a.pid || ', user ' || coalesce(a.usename, '?')
            || coalesce(', since ' || to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS') || ' UTC', '') || ')' as holder
       from pg_locks l
       join pg_stat_activity a using (pid)
       where l.locktype = 'advisory' and l.granted and l.objsubid = 2
         and l.database = (select oid from pg_database where datname = current_database())
         and l.classid = $1::int::oid and l.objid::bigint = hashtext($2)::bigint & 4294967295`,
      [lockClass, name],
    );
    return rows[0]?.holder;
  }

  async function exclusive<T>(name: string, work: (lost: AbortSignal) => Promise<T>): Promise<Exclusive<T>> {
    const client = await acquire();
    running.delete(client);
    const lost = new AbortController();
    const onLost = () => lost.abort();
    client.once('end', onLost);
    client.once('error', onLost);
    let held = false;
    try {
      const { rows } = await run<{ held: boolean }>(client, 'select pg_try_advisory_lock($1, hashtext($2)) as held', [
        lockClass,
        name,
      ]);
      held = rows[0]?.held === true;
      if (held) return { held: true, value: await work(lost.signal) };
      return { held: false, holder: (await holder(name)) ?? 'a session that has just ended' };
    } finally {
      // Where even that fails the connection is closed, and the server frees the lock by itself.
      const unlocked = held
        ? await client.query('select pg_advisory_unlock($1, hashtext($2))', [lockClass, name]).then(
            () => true,
            () => false,
          )
        : true;
      client.removeListener('end', onLost);
      client.removeListener('error', onLost);
      release(client, !unlocked);
    }
  }

  const warehouse: Warehouse = {
    kind: 'postgres',
    concurrency,
    address,
    query: (sql, params, values) => session((on) => on.query(sql, params, values)),
    session,
    transaction,
    exclusive,
    holder,
    async cancel() {
      const pids = [...running].map((client) => (client as unknown as { processID: number }).processID);
      if (pids.length > 0) await pool.query('select pg_cancel_backend(pid) from unnest($1::int[]) as pid', [pids]);
    },
    async close() {
      if (!pool.ended && !pool.ending) await pool.end();
    },
  };
  return warehouse;
}

/** How a query asks for text. The simple protocol would run several statements of one text. */
const asText = {
  queryMode: 'extended',
  types: { getTypeParser: (id: number) => textParser(id) } as pg.CustomTypesConfig,
};

/** The URL as it may be shown: no password, no parameters. */
function withoutSecrets(url: string): string {
  const parsed = new URL(url);
  const user = parsed.username === '' ? '' : `${parsed.username}@`;
  return `postgres://${user}${parsed.host}${parsed.pathname}`;
}
