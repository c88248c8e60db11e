import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Results } from '@electric-sql/pglite';
import { concealer } from './conceal.ts';
import { fullDisk } from './embedded-disk.ts';
import { EmbeddedStart } from './embedded-start.ts';
import { DatacycleError, type Fault, StatementError } from './errors.ts';
import { lockFolder } from './folder-lock.ts';
import type { DoErrand } from './guest-lines.ts';
import { answerGuests } from './guests.ts';
import { createFoldersSync } from './make-folders.ts';
import { sessionSettings, setSettings } from './session-settings.ts';
import { textParser, valueParsers } from './values.ts';
import type { Exclusive, Isolation, Result, Row, Session, Values, Warehouse } from './warehouse.ts';

export interface PgliteOptions {
  /** The data folder; `memory://` keeps everything in memory. */
  readonly folder: string;
  /** A dump that a new one begins as. */
  readonly beginWith?: Blob | undefined;
  /** Where a new one without a dump gets one from. */
  readonly start?: EmbeddedStart | undefined;
  readonly applicationName: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Told what statements say besides their results, e.g. by `raise notice`. */
  readonly onNotice?: ((text: string) => void) | undefined;
  /** Does what other processes ask this one for, while it holds the database. */
  readonly doErrand?: DoErrand | undefined;
}

/** What it keeps of its files; the system keeps more, or they are in memory anyway. */
const sharedBuffersMb = 32;

/**
 * Opens the embedded PostgreSQL. It has one connection: sessions queue for it, so code inside a session or transaction
 * must use that session and not the warehouse.
 * @throws DatacycleError if another process has the folder open.
 */
export async function openPglite(options: PgliteOptions): Promise<Warehouse> {
  const { folder, beginWith, applicationName, settings, onNotice } = options;
  const inMemory = folder.startsWith('memory://');
  if (!inMemory) createFoldersSync(folder);
  const unlock = inMemory ? () => undefined : await lockFolder(folder, applicationName);
  // Loaded only here: who works on a server need not wait for an embedded database to be read in.
  const { PGlite } = await import('@electric-sql/pglite');
  const isNew = !inMemory && readdirSync(folder).length === 0;
  // A new one begins as a dump of an empty database: making one anew takes five times as long, and twice the memory.
  const start = (inMemory || isNew) && beginWith === undefined ? (options.start ?? new EmbeddedStart()) : undefined;
  const dump = beginWith ?? (await start?.dump());
  // All of these buffers are cleared at the start, which with the 128 MB of PostgreSQL takes as long as all else of it.
  const startParams = [...PGlite.defaultStartParams, '-c', `shared_buffers=${sharedBuffersMb}MB`];
  const create = (from: Blob | undefined) =>
    PGlite.create(folder, { parsers: valueParsers, startParams, ...(from === undefined ? {} : { loadDataDir: from }) });
  const opened =
    start === undefined || dump === undefined
      ? create(dump)
      : create(dump).catch((error: unknown) => {
          // A full disk is no fault of the dump.
          if (fullDisk(folder, reasonOf(error), error) !== undefined) throw error;
          start.discard();
          if (isNew) for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
          return create(undefined);
        });
  const db = await opened.catch((error: unknown) => {
    // What was begun in it cannot be opened; nothing else is in there.
    if (isNew) rmSync(folder, { recursive: true, force: true });
    unlock();
    const reason = reasonOf(error);
    const full = fullDisk(folder, reason, error);
    if (full !== undefined) throw full;
    throw new DatacycleError({
      what: `the embedded database in ${folder} does not open: ${reason === '' ? 'its program ended' : reason}`,
      hint: 'Delete the folder to start again (Bronze files are kept elsewhere), or set DB_URL to use a server.',
      cause: error,
    });
  });
  const conceal = concealer(settings);
  const locks = new Map<string, string>();
  let queue: Promise<unknown> = Promise.resolve();
  /** Why the database ended: it answers nothing any more, not even with an error. */
  let ended: DatacycleError | undefined;

  /** Gives `work` the connection when everybody before is done. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = queue.then(work);
    queue = turn.catch(() => undefined);
    return turn;
  }

  /** @param sql as the caller wrote it, for its errors; `sent`: as this database takes it. */
  async function send<R extends Row>(
    sql: string,
    params?: readonly unknown[],
    { sent = sql, values, blob }: { sent?: string; values?: Values | undefined; blob?: Blob | undefined } = {},
  ) {
    if (ended !== undefined) throw ended;
    try {
      return await db.query<R>(sent, params === undefined ? [] : [...params], {
        ...(blob === undefined ? {} : { blob }),
        ...(values === 'text' || values === 'prepared text' ? { parsers: textParsers() } : {}),
        ...(onNotice === undefined ? {} : { onNotice: ({ message = '' }) => onNotice(conceal(message)) }),
      });
    } catch (error) {
      const isCoded = error instanceof Error && 'code' in error;
      // A full disk in the middle of a table is an error like any other; in the log of changes it ends the database.
      const isFatal = error instanceof Error && 'severity' in error && /^(PANIC|FATAL)$/.test(String(error.severity));
      if (isFatal || !isCoded) {
        const reason = error instanceof Error ? error.message : '';
        ended =
          fullDisk(folder, reason, error) ??
          (isFatal ? StatementError.from(error as unknown as Fault, sql, conceal) : undefined);
        if (ended !== undefined) throw ended;
      }
      if (isCoded && error.code === '53100') throw fullDisk(folder, error.message, error) ?? error;
      if (isCoded) throw StatementError.from(error as Fault, sql, conceal);
      throw error;
    }
  }

  /** Types that have no parser are text anyway; those of arrays are known once the database is open. */
  function textParsers() {
    return Object.fromEntries(Object.keys(db.parsers).map((id) => [id, textParser(Number(id))]));
  }

  async function run<R extends Row>(
    sql: string,
    params?: readonly unknown[],
    how?: { values?: Values | undefined; blob?: Blob | undefined },
  ): Promise<Result<R>> {
    const result: Results<R> = await send<R>(sql, params, how);
    return {
      // PGlite leaves the count of rows returned to the caller; affectedRows is the command tag of a change.
      rows: result.rows,
      rowCount:
        result.affectedRows === undefined || result.affectedRows === 0 ? result.rows.length : result.affectedRows,
      columns: result.fields.map((field) => field.name),
    };
  }

  const onlySession: Session = {
    process: undefined,
    query: (sql, params, values) => run(sql, params, { values }),
    async copyIn(sql, chunks) {
      // The embedded server takes COPY from a blob; its socket server loses the protocol on a streamed one.
      const parts: (string | Uint8Array<ArrayBuffer>)[] = [];
      for await (const chunk of chunks) parts.push(typeof chunk === 'string' ? chunk : new Uint8Array(chunk));
      const blobSql = sql.replace(/\bfrom\s+stdin\b/i, "from '/dev/blob'");
      return (await run(blobSql, [], { blob: new Blob(parts) })).rowCount;
    },
    async *copyOut(sql) {
      const { blob } = await send(sql, [], { sent: sql.replace(/\bto\s+stdout\b/i, "to '/dev/blob'") });
      if (blob !== undefined) yield* blob.stream();
    },
  };

  async function transaction<T>(
    work: (session: Session) => Promise<T>,
    isolation: Isolation = 'read committed',
  ): Promise<T> {
    return inTurn(async () => {
      await run(`begin isolation level ${isolation}`);
      try {
        const value = await work(onlySession);
        await run('commit');
        return value;
      } catch (error) {
        await run('rollback');
        throw error;
      }
    });
  }

  // Nothing can break between this program and a database inside it.
  const never = new AbortController().signal;

  async function exclusive<T>(name: string, work: (lost: AbortSignal) => Promise<T>): Promise<Exclusive<T>> {
    const holder = locks.get(name);
    if (holder !== undefined) return { held: false, holder };
    locks.set(name, applicationName);
    try {
      return { held: true, value: await work(never) };
    } finally {
      locks.delete(name);
    }
  }

  const wanted = { ...sessionSettings, ...settings };
  await run(setSettings, [Object.keys(wanted), Object.values(wanted), null]);

  let endGuests: () => void = () => undefined;
  const warehouse: Warehouse = {
    kind: 'pglite',
    concurrency: 1,
    address: inMemory ? 'the embedded database (in memory)' : `the embedded database in ${folder}`,
    query: (sql, params, values) => inTurn(() => run(sql, params, { values })),
    session: (work) => inTurn(() => work(onlySession)),
    transaction,
    exclusive,
    holder: async (name) => locks.get(name),
    // One thread runs both this program and the database: a running statement cannot be cancelled.
    cancel: async () => undefined,
    async close() {
      endGuests();
      await inTurn(async () => {
        if (!db.closed && ended === undefined) await db.close();
      });
      unlock();
    },
  };
  if (!inMemory) endGuests = await answerGuests(folder, applicationName, warehouse, options.doErrand);
  return warehouse;
}

/** What an error of the embedded database says, which may be no Error. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : typeof error === 'string' ? error : '';
}
