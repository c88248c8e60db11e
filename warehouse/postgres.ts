import { createHash, randomBytes } from 'node:crypto';
import { finished, pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { concealer } from './conceal.ts';
import { ConnectionError } from './errors.ts';
import { sharedServers } from './pooler.ts';
import { connectionFields } from './postgres-address.ts';
import { codeOf } from './postgres-errors.ts';
import { PostgresPool, type Taken } from './postgres-pool.ts';
import { sessionWords } from './session-words.ts';
import { textParser } from './values.ts';
import type { Exclusive, Isolation, Result, Row, Session, Values, Warehouse } from './warehouse.ts';

export interface PostgresOptions {
  /** A `postgres://` URL. */
  readonly url: string;
  readonly applicationName: string;
  /** Sessions that may work at once, without the one that holds a lock. */
  readonly concurrency: number;
  /** Session settings, e.g. `work_mem`; applied on every new connection. */
  readonly settings: Readonly<Record<string, string>>;
  /** Told what a person should know although it works. */
  readonly warn: (text: string) => void;
  /** Told what statements say besides their results, e.g. by `raise notice`. */
  readonly onNotice?: ((text: string) => void) | undefined;
  readonly connectMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The namespace of this program's advisory locks: "data" in ASCII. */
const lockClass = 0x64617461;

/** How often the connection that holds a lock is asked whether it still does, as a part of the patience with the server. */
const lockChecks = 3;

/**
 * Opens PostgreSQL 15 or newer. Connects lazily: the first statement finds out whether the server answers.
 * @throws ConnectionError if the URL cannot be used, without repeating it.
 */
export function openPostgres(options: PostgresOptions): Warehouse {
  const { url, concurrency, settings } = options;
  const address = withoutSecrets(url);
  const fields = connectionFields(url);
  /** How often a `deallocate all` or `discard all`, of a hook, say, has taken a connection's prepared statements. */
  const forgotten = new WeakMap<pg.PoolClient, number>();
  const pool = new PostgresPool({ ...options, fields, address, conceal: concealer(settings) });

  async function run<R extends Row>(
    { client, during }: Taken,
    sql: string,
    params?: readonly unknown[],
    values: Values = 'parsed',
  ): Promise<Result<R>> {
    try {
      const given = params === undefined || params.length === 0 ? undefined : [...params];
      const asked = askedAs(sql, values, forgotten.get(client) ?? 0);
      const result = await during(() => client.query<R>(asked, given));
      return {
        rows: result.rows,
        rowCount: result.rowCount ?? 0,
        columns: (result.fields ?? []).map((field) => field.name),
      };
    } catch (error) {
      // Of another type than it was prepared for (0A000), or gone (26000): those of this connection are prepared anew.
      if ((values === 'prepared' || values === 'prepared text') && ['26000', '0A000'].includes(codeOf(error))) {
        forgotten.set(client, (forgotten.get(client) ?? 0) + 1);
        if (codeOf(error) === '0A000') await during(() => client.query('deallocate all')).catch(() => undefined);
      }
      throw pool.translate(error, sql);
    }
  }

  function sessionOn(taken: Taken): Session {
    const { client, during, pid } = taken;
    return {
      process: pid,
      query: (sql, params, values) => run(taken, sql, params, values),
      async copyIn(sql, chunks) {
        const stream = client.query(copyFrom(sql));
        try {
          await during(() => pipeline(chunks, stream));
          return stream.rowCount;
        } catch (error) {
          throw error instanceof pg.DatabaseError ? pool.translate(error, sql) : error;
        }
      },
      async *copyOut(sql) {
        const stream = client.query(copyTo(sql));
        const chunks = stream.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
        try {
          for (;;) {
            const { done, value } = await during(() => chunks.next());
            if (done === true) return;
            yield value as Buffer;
          }
        } catch (error) {
          throw pool.translate(error, sql);
        } finally {
          await chunks.return?.();
          // Whoever reads leaves early: the rest has to come in before the connection can do anything else.
          if (!stream.readableEnded && !stream.errored) await finished(stream.resume()).catch(() => undefined);
        }
      },
    };
  }

  async function session<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const taken = await pool.take();
    let broken = true;
    try {
      const value = await work(sessionOn(taken));
      broken = false;
      return value;
    } catch (error) {
      broken = error instanceof ConnectionError;
      throw error;
    } finally {
      taken.release(broken);
    }
  }

  async function transaction<T>(
    work: (session: Session) => Promise<T>,
    isolation: Isolation = 'read committed',
  ): Promise<T> {
    const taken = await pool.take();
    let broken = true;
    try {
      await run(taken, `begin isolation level ${isolation}`);
      const value = await work(sessionOn(taken));
      await run(taken, 'commit');
      broken = false;
      return value;
    } catch (error) {
      // If the rollback fails, the connection is broken, and the server rolls back by itself.
      broken = await run(taken, 'rollback').then(
        () => false,
        () => true,
      );
      throw error;
    } finally {
      taken.release(broken);
    }
  }

  async function holder(name: string): Promise<string | undefined> {
    const { rows } = await warehouse.query<{ holder: string }>(
      `select ${sessionWords('a', 'a.pid')}
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
    const taken = await pool.take();
    pool.spare(taken);
    const { client } = taken;
    const lost = new AbortController();
    const onLost = (error?: Error) =>
      lost.abort(
        new ConnectionError({
          what: `the connection that holds the lock of the database was lost${error === undefined ? '' : `: ${pool.translate(error, '').message}`}`,
          hint: 'Another process may have taken the lock since. Run it again.',
        }),
      );
    client.once('end', onLost);
    client.once('error', onLost);
    let held = false;
    let checks: NodeJS.Timeout | undefined;
    try {
      // Whoever held it may have gone before it can be asked who that was.
      let other: string | undefined;
      for (let tries = 0; !held && other === undefined; tries += 1) {
        const { rows } = await run<{ held: boolean }>(taken, 'select pg_try_advisory_lock($1, hashtext($2)) as held', [
          lockClass,
          name,
        ]);
        held = rows[0]?.held === true;
        if (!held) other = (await holder(name)) ?? (tries < 10 ? undefined : 'sessions that end at once');
      }
      if (other !== undefined) return { held: false, holder: other };
      // Nothing is asked on this connection while the others work: without a word it would not be missed.
      let isAsking = false;
      const ask = async () => {
        if (isAsking || lost.signal.aborted) return;
        isAsking = true;
        await stillOurs(taken).catch(onLost);
        isAsking = false;
      };
      checks = setInterval(() => void ask(), fields.patienceMs / lockChecks).unref();
      return { held: true, value: await work(lost.signal) };
    } finally {
      clearInterval(checks);
      // Where even that fails the connection is closed, and the server frees the lock by itself.
      const unlocked = held
        ? await run(taken, 'select pg_advisory_unlock($1, hashtext($2))', [lockClass, name]).then(
            () => true,
            () => false,
          )
        : true;
      client.removeListener('end', onLost);
      client.removeListener('error', onLost);
      taken.release(!unlocked);
    }
  }

  /** @throws ConnectionError if the connection is dead, or a pooler has given its server to another. */
  async function stillOurs(taken: Taken): Promise<void> {
    const { rows } = await run<{ pid: number }>(taken, 'select pg_backend_pid() as pid');
    if (rows[0]?.pid !== taken.pid) throw sharedServers();
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
    cancel: () => pool.cancel(),
    close: () => pool.close(),
  };
  return warehouse;
}

/** How a query asks for text. The simple protocol would run several statements of one text. */
const asText = {
  queryMode: 'extended',
  types: { getTypeParser: (id: number) => textParser(id) } as pg.CustomTypesConfig,
};

function askedAs(text: string, values: Values, forgotten: number) {
  switch (values) {
    case 'parsed':
      return text;
    case 'text':
      return { ...asText, text };
    case 'prepared':
      return preparedAs(text, forgotten);
    case 'prepared text':
      return { ...preparedAs(text, forgotten), types: asText.types };
    default:
      return values satisfies never;
  }
}

/**
 * A prepared statement is named after its text. Another process may have left some on a connection that a pooler hands on.
 * @param forgotten how often the server has forgotten those of the connection: then each has another name, and is prepared again.
 */
function preparedAs(text: string, forgotten: number) {
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 32);
  return { name: `${preparedPrefix}_${forgotten}_${digest}`, text };
}
const preparedPrefix = `datacycle_${randomBytes(6).toString('hex')}`;

/** The URL as it may be shown: no password, no parameters. */
function withoutSecrets(url: string): string {
  const parsed = new URL(url);
  const user = parsed.username === '' ? '' : `${parsed.username}@`;
  return `postgres://${user}${parsed.host}${parsed.pathname}`;
}
