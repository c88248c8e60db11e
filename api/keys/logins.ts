import { createHash, randomBytes } from 'node:crypto';
import { ConnectionError, StatementError } from '../../warehouse/errors.ts';
import { openWarehouse } from '../../warehouse/open.ts';
import type { Row, Values, Warehouse } from '../../warehouse/warehouse.ts';
import { type Key, type KeyRing, type Reader, Refused } from './keys.ts';

export interface LoginOptions {
  /** The address of the database; its user and password are replaced by those of keys. */
  readonly url: string;
  /** How long a statement may take, in seconds. */
  readonly statementSecs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Logins that are connected at once; the one that was used longest ago makes room. */
const mostLogins = 40;

/** After that the server is asked again whether a key is still one, in milliseconds. */
const trustedMs = 5 * 60_000;

/** Statements of a login that are kept prepared on each of its connections; requests differ by their values, and few by more. */
const mostPrepared = 100;

interface Pool {
  readonly reader: Reader;
  readonly warehouse: Warehouse;
  readonly since: number;
  usedAt: number;
}

/**
 * Keys that are logins of PostgreSQL. Each has a pool of its own, whose sessions only read: `set role` in a shared session could be
 * undone by whoever gets a statement into it.
 */
export class Logins implements KeyRing {
  readonly #options: LoginOptions;
  readonly #pools = new Map<string, Pool>();
  readonly #asked = new Map<string, Promise<Reader>>();
  /** Logins that were let in once, and of which the server wants a password. */
  readonly #protected = new Set<string>();

  constructor(options: LoginOptions) {
    this.#options = options;
  }

  known(key: Key): Reader | undefined {
    const id = idOf(key);
    const pool = this.#pools.get(id);
    if (pool === undefined) return undefined;
    if (performance.now() - pool.since > trustedMs) {
      this.#forget(id, pool);
      return undefined;
    }
    pool.usedAt = performance.now();
    return pool.reader;
  }

  async letIn(key: Key): Promise<Reader> {
    const known = this.known(key);
    if (known !== undefined) return known;
    const id = idOf(key);
    const asking = this.#asked.get(id) ?? this.#connect(id, key).finally(() => this.#asked.delete(id));
    this.#asked.set(id, asking);
    return asking;
  }

  async close(): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map(({ warehouse }) => warehouse.close()));
  }

  async #connect(id: string, key: Key): Promise<Reader> {
    if (key.login === '' || key.password === '' || /\0/.test(key.login + key.password))
      throw new Refused(401, 'The key is not known.');
    if (!this.#protected.has(key.login)) await this.#wantsPassword(key.login);
    const warehouse = await this.#open(key);
    try {
      const { rows } = await warehouse.query<{ login: string; unbound: boolean }>(
        'select session_user as login, rolsuper or rolbypassrls as unbound from pg_roles where rolname = session_user',
      );
      // DB_URL, or the server, may have chosen another one.
      if (rows[0]?.login !== key.login) throw new Refused(401, 'The key is not known.');
      if (rows[0].unbound)
        throw new Refused(
          403,
          'This login is a superuser or bypasses row security: it is no key. Use one that only reads.',
        );
    } catch (error) {
      await warehouse.close();
      throw isRefusal(error) ? new Refused(401, 'The key is not known.') : error;
    }
    const reader: Reader = { name: key.login, query: preparing(warehouse) };
    this.#protected.add(key.login);
    const now = performance.now();
    this.#pools.set(id, { reader, warehouse, since: now, usedAt: now });
    this.#makeRoom();
    return reader;
  }

  /** A server that asks for no password (`trust`, a client certificate) would take any key. @throws Refused */
  async #wantsPassword(login: string): Promise<void> {
    const warehouse = await this.#open({ login, password: randomBytes(24).toString('base64url') });
    try {
      await warehouse.query('select 1');
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return;
    } finally {
      await warehouse.close();
    }
    throw new Refused(403, 'The database lets this login in without its password (pg_hba.conf), so it is no key.');
  }

  #open({ login, password }: Key): Promise<Warehouse> {
    const { url, statementSecs, signal } = this.#options;
    return openWarehouse({
      url: urlFor(url, login, password),
      folder: '',
      purpose: 'serve',
      concurrency: 2,
      settings: {
        default_transaction_read_only: 'on',
        statement_timeout: `${statementSecs}s`,
        work_mem: '16MB',
        maintenance_work_mem: '16MB',
      },
      signal,
    });
  }

  #makeRoom(): void {
    const oldest = [...this.#pools].sort(([, a], [, b]) => a.usedAt - b.usedAt);
    for (const [id, pool] of oldest.slice(0, Math.max(0, this.#pools.size - mostLogins))) this.#forget(id, pool);
  }

  /** Its statements end first. */
  #forget(id: string, { warehouse }: Pool): void {
    this.#pools.delete(id);
    void warehouse.close().catch(() => undefined);
  }
}

/** Runs statements prepared, for what PostgreSQL spends on planning is as much as on rows. */
function preparing(warehouse: Warehouse): Reader['query'] {
  const prepared = new Set<string>();
  return async <R extends Row>(sql: string, params: readonly unknown[], values: Values = 'text') => {
    if (values !== 'text' || (!prepared.has(sql) && prepared.size >= mostPrepared))
      return warehouse.query<R>(sql, params, values);
    prepared.add(sql);
    try {
      return await warehouse.query<R>(sql, params, 'prepared text');
    } catch (error) {
      // A build has changed the type of a column, or the statement is gone from its connection.
      if (error instanceof StatementError && (error.code === '0A000' || error.code === '26000'))
        return warehouse.query<R>(sql, params, values);
      throw error;
    }
  };
}

/** The address with another login. A URL names it before the host, or, where there is no host, as parameters. */
export function urlFor(url: string, login: string, password: string): string {
  const changed = new URL(url.replace(/^postgres(?:ql)?(?:\+\w+)?:\/\//, 'postgres://'));
  for (const name of ['user', 'password', 'passfile', 'sslcert', 'sslkey', 'options'])
    changed.searchParams.delete(name);
  if (changed.host === '') {
    changed.searchParams.set('user', login);
    changed.searchParams.set('password', password);
  } else {
    changed.username = encodeURIComponent(login);
    changed.password = encodeURIComponent(password);
  }
  return changed.href;
}

/** A key by which nothing of it can be read. */
function idOf({ login, password }: Key): string {
  return createHash('sha256').update(`${login}\0${password}`).digest('base64url');
}

/** Whether the server refused the login, rather than being away. */
function isRefusal(error: unknown): boolean {
  const cause = error instanceof ConnectionError ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return code === '28P01' || code === '28000';
}
