import { hostname } from 'node:os';
import { ConnectionError } from './errors.ts';
import type { DoErrand } from './guest-lines.ts';
import type { Warehouse } from './warehouse.ts';

export interface WarehouseOptions {
  /** `postgres://...`, also in SQLAlchemy's style (`postgresql+psycopg2://...`); undefined or empty: the embedded database. */
  readonly url: string | undefined;
  /** The folder of the embedded database; `memory://` for one that ends with the process. */
  readonly folder: string;
  /** A dump of an embedded database that a new one begins as, which is quicker than making it. */
  readonly beginWith?: Blob | undefined;
  /** What this process does, e.g. `run`; others see it when they wait for it. */
  readonly purpose: string;
  /** Statements that may run at once. */
  readonly concurrency: number;
  /** Session settings over the defaults, e.g. `{ work_mem: '256MB' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Told what a person should know although it works; standard error if nothing else. */
  readonly warn?: (text: string) => void;
  /** Told what statements say besides their results, e.g. by `raise notice`. */
  readonly onNotice?: ((text: string) => void) | undefined;
  /** Does what other processes ask this one for, while it holds the embedded database. */
  readonly doErrand?: DoErrand | undefined;
  /** How long a server may take until a connection to it is made, in milliseconds; `connect_timeout` of the URL comes first. */
  readonly connectMs?: number | undefined;
  /** Once it is aborted no connection is waited for any more. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * What bulk work wants of a session: room to sort and hash in memory, no just-in-time compilation (it costs more than
 * it saves on wide one-off statements). Durability stays as the server has it.
 */
const bulkSettings: Readonly<Record<string, string>> = {
  work_mem: '128MB',
  maintenance_work_mem: '256MB',
  jit: 'off',
};

/**
 * Opens the warehouse that DB_URL names.
 * @throws ConnectionError if the URL is not one of PostgreSQL; the message never repeats it, since it may hold a password.
 */
export async function openWarehouse(options: WarehouseOptions): Promise<Warehouse> {
  const settings = { ...bulkSettings, ...options.settings };
  const applicationName = `datacycle ${options.purpose} pid ${process.pid} on ${hostname()}`.slice(0, 63);
  if (options.url === undefined || options.url === '') {
    const { openPglite } = await import('./pglite.ts');
    return openPglite({
      folder: options.folder,
      beginWith: options.beginWith,
      applicationName,
      settings,
      onNotice: options.onNotice,
      doErrand: options.doErrand,
    });
  }
  const url = options.url.replace(/^postgres(?:ql)?(?:\+\w+)?:\/\//, 'postgres://');
  if (!url.startsWith('postgres://')) {
    throw new ConnectionError({
      what: 'DB_URL is not a PostgreSQL address',
      hint: 'Write postgres://user:password@host:5432/database, with special characters percent-encoded; leave it empty for the embedded database.',
    });
  }
  // A password with such characters would be taken for a path, and shown as part of it.
  const afterHost = url.replace(/^postgres:\/\/[^/]*/, '');
  if (/[@#]/.test(afterHost) || url.includes('#') || !URL.canParse(url)) {
    throw new ConnectionError({
      what: 'DB_URL cannot be read; perhaps its password holds characters that must be percent-encoded',
      hint: 'Write %40 for @, %2F for /, %23 for #, %3A for :, %3F for ?, %25 for %.',
    });
  }
  const warn = options.warn ?? ((text: string) => void process.stderr.write(`Warning: ${text}\n`));
  const { concurrency, connectMs, signal, onNotice } = options;
  const { openPostgres } = await import('./postgres.ts');
  return openPostgres({ url, applicationName, concurrency, settings, warn, connectMs, signal, onNotice });
}
