import pg from 'pg';
import { type Conceal, secretPrefix } from './conceal.ts';
import { dial, hasOtherWay, nameOf, type Peer, unanswered } from './dial.ts';
import { ConnectionError } from './errors.ts';
import { refuseSharedServers, sharedServers } from './pooler.ts';
import { type AddressFields, peerOf } from './postgres-address.ts';
import { PostgresClient, type Route } from './postgres-client.ts';
import { codeOf, translated } from './postgres-errors.ts';
import { keepAliveSettings, sessionSettings, setSettings } from './session-settings.ts';
import { type Doing, type Listening, Silence } from './silence.ts';
import { valueParsers } from './values.ts';

export interface PoolOptions {
  readonly fields: AddressFields;
  /** Without secrets, for messages. */
  readonly address: string;
  readonly applicationName: string;
  readonly concurrency: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly conceal: Conceal;
  readonly warn: (text: string) => void;
  /** Told what statements say besides their results, e.g. by `raise notice`. */
  readonly onNotice?: ((text: string) => void) | undefined;
  /** For a connection to be made, where the URL says nothing. */
  readonly connectMs?: number | undefined;
  /** Once it is aborted no connection is waited for any more. */
  readonly signal?: AbortSignal | undefined;
}

/** A connection that is prepared, and taken from the pool until it is released. */
export interface Taken {
  readonly client: pg.PoolClient & PostgresClient;
  /** Its process on the server. */
  readonly pid: number;
  /** Runs what waits for an answer; fails if the connection is never to be answered. */
  during<T>(work: () => Promise<T>): Promise<T>;
  release(broken: boolean): void;
}

/** How long a connection may take to be made, and to be prepared, in milliseconds. */
const defaultConnectMs = 10_000;
const prepareMs = 15_000;

/** The same once the user has asked to stop. */
const stoppingMs = 2000;

/** A statement that has been cancelled may take so long to end before its connection is broken, in milliseconds. */
const cancelledMs = 10_000;

/** The connections to one server, all of them encrypted, prepared and listened to in the same way. */
export class PostgresPool {
  readonly #options: PoolOptions;
  readonly #peer: Peer;
  readonly #connectMs: number;
  readonly #pool: pg.Pool;
  readonly #silence: Silence;
  readonly #prepared = new WeakMap<pg.PoolClient, Listening>();
  /** Taken, and to be cancelled when the user stops. */
  readonly #running = new Map<Listening, pg.PoolClient>();
  /** Server processes whose connection broke: the server may not know yet, and holds their locks. */
  readonly #lost = new Set<number>();
  #dialing = new AbortController();
  #isRefused = false;
  #isStopping = false;
  #hasOwnServers: Promise<void> | undefined;
  #hasWarned = false;

  constructor(options: PoolOptions) {
    const { fields, applicationName, concurrency } = options;
    this.#options = options;
    this.#connectMs = fields.connectMs ?? options.connectMs ?? defaultConnectMs;
    options.signal?.addEventListener('abort', () => this.#giveUpConnecting(), { once: true });
    this.#peer = peerOf(fields);
    const config: pg.PoolConfig = {
      ...fields.driver,
      // Overrides the URL's, since messages identify the holder of a lock by it.
      application_name: applicationName,
      max: concurrency + 2,
      connectionTimeoutMillis: this.#connectMs + 5000,
      idleTimeoutMillis: 10_000,
      types: {
        getTypeParser: (id: number, format?: 'text' | 'binary') =>
          (format !== 'binary' && valueParsers[id]) || pg.types.getTypeParser(id, format),
      } as pg.CustomTypesConfig,
    };
    const route = this.#route();
    class Client extends PostgresClient {
      constructor(given: pg.ClientConfig) {
        super(given, route);
      }
    }
    this.#pool = new pg.Pool({ ...config, Client: Client as unknown as typeof pg.Client } as pg.PoolConfig);
    // An idle connection that breaks must not end the process; the next statement reports it.
    this.#pool.on('error', () => undefined);
    this.#silence = new Silence({
      name: nameOf(this.#peer),
      patienceMs: fields.patienceMs,
      ask: (pids, limitMs) => this.#askAbout(pids, limitMs),
    });
  }

  /**
   * @throws ConnectionError if the server does not answer, refuses the login or shares its processes among connections;
   * StatementError if a setting cannot be set.
   */
  async take(): Promise<Taken> {
    try {
      const client = (await this.#connected()) as pg.PoolClient & PostgresClient;
      try {
        const listening = this.#prepared.get(client) ?? (await this.#prepare(client));
        if (this.#lost.size > 0) await this.#endLost(client);
        this.#running.set(listening, client);
        return {
          client,
          pid: listening.pid,
          during: (work) => this.#silence.during(listening, work),
          release: (broken) => this.#release(client, listening, broken),
        };
      } catch (error) {
        client.release(true);
        client.break(new Error('the connection could not be prepared'));
        throw error;
      }
    } catch (error) {
      throw this.translate(error, '');
    }
  }

  translate(error: unknown, sql: string): Error {
    const { address, concurrency, conceal } = this.#options;
    return translated(error, sql, { address, threads: concurrency, conceal });
  }

  /** Leaves a connection out of what {@link cancel} cancels. */
  spare(taken: Taken): void {
    for (const [listening, client] of this.#running) if (client === taken.client) this.#running.delete(listening);
  }

  /** Cancels what runs; a connection that does not obey is broken, and attempts to connect are given up. */
  async cancel(): Promise<void> {
    this.#giveUpConnecting();
    const running = [...this.#running];
    if (running.length === 0) return;
    setTimeout(() => {
      for (const [listening, client] of running)
        if (this.#running.get(listening) === client)
          listening.break(
            new ConnectionError({ what: `cannot work with ${this.#options.address}: it does not stop a statement` }),
          );
    }, cancelledMs).unref();
    await this.#pool.query('select pg_cancel_backend(pid) from unnest($1::int[]) as pid', [
      running.map(([{ pid }]) => pid),
    ]);
  }

  async close(): Promise<void> {
    this.#dialing.abort(new ConnectionError({ what: 'the database was closed' }));
    if (!this.#pool.ended && !this.#pool.ending) await this.#pool.end();
  }

  #giveUpConnecting(): void {
    this.#isStopping = true;
    const { address } = this.#options;
    this.#dialing.abort(new ConnectionError({ what: `cannot work with ${address}: it was stopped while connecting` }));
    // What has been begun is to be rolled back and recorded yet, if the server is there.
    this.#dialing = new AbortController();
  }

  /** @param limitMs for an answer; without it, as always. */
  #route(limitMs?: number): Route {
    const peer = this.#peer;
    const limit = () => limitMs ?? this.#limitMs();
    return {
      name: nameOf(peer),
      isPlainAllowed: peer.tls.mode === 'disable',
      limitMs: limit,
      signal: () => this.#dialing.signal,
      unanswered: () => unanswered(peer, limit()),
      dial: () => dial(peer, this.#isRefused, limit(), this.#dialing.signal),
      warn: (text) => {
        if (!this.#hasWarned) this.#options.warn(text);
        this.#hasWarned = true;
      },
    };
  }

  #limitMs(): number {
    return this.#isStopping ? stoppingMs : this.#connectMs;
  }

  /** A server may refuse a login with TLS and take it without, or the other way round; `allow` and `prefer` try both. */
  async #connected(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      if (codeOf(error) !== '28000' || this.#isRefused || !hasOtherWay(this.#peer.tls)) throw error;
      this.#isRefused = true;
      try {
        return await this.#pool.connect();
      } catch {
        this.#isRefused = false;
        throw error;
      }
    }
  }

  /** Sets the session's settings, secrets among them, once the server has let this client in. */
  async #prepare(client: pg.PoolClient & PostgresClient): Promise<Listening> {
    client.on('error', () => undefined);
    const { onNotice, conceal } = this.#options;
    if (onNotice !== undefined) client.on('notice', ({ message = '' }) => onNotice(conceal(message)));
    const settings = { ...sessionSettings, ...keepAliveSettings, ...this.#options.settings };
    const secrets = Object.keys(settings).filter((name) => name.startsWith(secretPrefix));
    if (secrets.length > 0 && !client.isProtected) throw unprotected(this.#options.address, secrets);
    let pid = client.toldPid;
    let found = await setOn(client, settings, pid);
    if (found !== pid) {
      // A pooler tells a number of its own. Until it is known to keep a server for each connection, nothing is set.
      this.#hasOwnServers ??= this.#proveOwnServers();
      await this.#hasOwnServers;
      pid = found;
      found = await setOn(client, settings, pid);
      if (found !== pid) throw sharedServers();
    }
    const line = client.line;
    const listening: Listening = {
      pid,
      bytes: () => (line === undefined ? 0 : line.raw.bytesRead + line.raw.bytesWritten),
      isSending: () => (line?.socket.writableLength ?? 0) > 0,
      break: (error) => {
        this.#lost.add(pid);
        client.break(error);
      },
    };
    this.#lost.delete(pid);
    client.once('error', () => this.#lost.add(pid));
    this.#prepared.set(client, listening);
    return listening;
  }

  #release(client: pg.PoolClient & PostgresClient, listening: Listening, broken: boolean): void {
    this.#running.delete(listening);
    client.release(broken);
    // A farewell that nobody hears would keep the socket for a quarter of an hour.
    if (broken) setTimeout(() => client.break(new Error('the connection was broken')), 1000).unref();
  }

  /** Ends what this process has lost on the server, which holds its locks until it notices by itself. */
  async #endLost(client: pg.PoolClient): Promise<void> {
    const lost = [...this.#lost];
    this.#lost.clear();
    await client
      .query({
        text: `select pg_terminate_backend(pid, 1000) from pg_stat_activity
               where pid = any($1::int[]) and pid <> pg_backend_pid() and application_name = $2 and usename = current_user`,
        values: [lost, this.#options.applicationName],
        query_timeout: prepareMs,
      } as pg.QueryConfig)
      .catch((error: unknown) => {
        if (!(error instanceof pg.DatabaseError)) throw error;
      });
  }

  async #proveOwnServers(): Promise<void> {
    try {
      await this.#aside(async (first) => this.#aside((second) => refuseSharedServers(first, second)));
    } catch (error) {
      // Asked again by the next connection.
      this.#hasOwnServers = undefined;
      throw error;
    }
  }

  /** A connection beside the pool, which asks for its server process. */
  async #aside<T>(work: (askPid: () => Promise<number>) => Promise<T>): Promise<T> {
    const client = new PostgresClient(this.#besideConfig(), this.#route());
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await work(async () => {
        const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
        return rows[0]?.pid ?? 0;
      });
    } finally {
      client.break(new Error('done'));
    }
  }

  #besideConfig(): pg.ClientConfig {
    const { fields, applicationName } = this.#options;
    return { ...fields.driver, application_name: applicationName, connectionTimeoutMillis: this.#connectMs };
  }

  async #askAbout(pids: readonly number[], limitMs: number): Promise<ReadonlyMap<number, Doing> | undefined> {
    const config = { ...this.#besideConfig(), connectionTimeoutMillis: limitMs * 2 };
    const client = new PostgresClient(config, this.#route(limitMs));
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ pid: number; waits: boolean }>({
        text: `select pid, wait_event is not distinct from 'ClientRead' as waits
               from pg_stat_activity where pid = any($1::int[]) and state <> 'idle' and state not like 'idle in transaction%'`,
        values: [[...pids]],
        query_timeout: limitMs * 2,
      } as pg.QueryConfig);
      return new Map(rows.map(({ pid, waits }) => [pid, waits ? 'waits' : 'works'] as const));
    } catch (error) {
      // Whatever it refuses, it is there.
      if (error instanceof pg.DatabaseError) return undefined;
      throw error;
    } finally {
      client.break(new Error('done'));
    }
  }
}

/** @returns the server process that carried it out; nothing is set if it is another than the one given. */
async function setOn(client: pg.PoolClient, settings: Readonly<Record<string, string>>, pid: number): Promise<number> {
  const { rows } = await client.query<{ pid: number }>({
    text: setSettings,
    values: [Object.keys(settings), Object.values(settings), pid],
    query_timeout: prepareMs,
  } as pg.QueryConfig);
  return rows[0]?.pid ?? 0;
}

function unprotected(address: string, secrets: readonly string[]): ConnectionError {
  const names = secrets.map((name) => name.slice(secretPrefix.length).toUpperCase());
  return new ConnectionError({
    what: `the connection to ${address} is not encrypted, and the project hands secrets to the database: ${names.join(', ')}; they were not sent`,
    hint: 'Turn on TLS at the server. If everybody on the way may read them, add sslmode=disable to DB_URL.',
  });
}
