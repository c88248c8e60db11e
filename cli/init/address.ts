import { UsageError } from '../../runner/text/errors.ts';
import { ConnectionError } from '../../warehouse/errors.ts';
import { openWarehouse } from '../../warehouse/open.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';

/** A database's address, taken apart. */
export interface Address {
  readonly setting: 'DB_URL' | 'DB_ADMIN_URL';
  /** `postgres://...`; may hold a password. */
  readonly url: string;
  readonly user: string;
  /** Empty if there is none. */
  readonly password: string;
  readonly database: string;
}

/** Reads a `postgres://` URL, also in SQLAlchemy's style. @throws UsageError that never repeats it. */
export function readAddress(setting: Address['setting'], text: string): Address {
  const url = text.trim().replace(/^postgres(?:ql)?(?:\+\w+)?:\/\//, 'postgres://');
  const afterHost = url.replace(/^postgres:\/\/[^/]*/, '');
  if (!url.startsWith('postgres://') || /[@#]/.test(afterHost) || url.includes('#') || !URL.canParse(url))
    throw unreadable(setting);
  const parsed = new URL(url);
  try {
    const user = decodeURIComponent(parsed.username);
    const database = decodeURIComponent(parsed.pathname.slice(1));
    if (user === '') {
      throw new UsageError({
        what: `${setting} names no user`,
        hint: 'Write postgres://user:password@host:5432/database.',
      });
    }
    return { setting, url, user, password: decodeURIComponent(parsed.password), database };
  } catch (error) {
    if (error instanceof URIError) throw unreadable(setting);
    throw error;
  }
}

function unreadable(setting: string): UsageError {
  return new UsageError({
    what: `${setting} cannot be read as a PostgreSQL address`,
    hint: 'Write postgres://user:password@host:5432/database; in the password %40 for @, %2F for /, %23 for #, %3A for :, %3F for ?, %25 for %.',
  });
}

/** The same server and user, another database. */
export function withDatabase(address: Address, database: string): Address {
  const url = Object.assign(new URL(address.url), { pathname: `/${encodeURIComponent(database)}` }).href;
  return { ...address, url, database };
}

/**
 * Works with a database for a moment.
 * @throws ConnectionError that names the setting to look at.
 */
export async function connected<T>(address: Address, work: (warehouse: Warehouse) => Promise<T>): Promise<T> {
  const warehouse = await openWarehouse({ url: address.url, folder: '', purpose: 'init', concurrency: 1 });
  try {
    return await work(warehouse);
  } catch (error) {
    if (!(error instanceof ConnectionError) || address.setting === 'DB_URL') throw error;
    throw new ConnectionError({
      what: error.message,
      hint: error.hint?.replace('DB_URL', address.setting),
      cause: error.cause,
    });
  } finally {
    await warehouse.close();
  }
}

/** The SQLSTATE or system code with which a connection failed; empty if there is none. */
export function codeOf(error: ConnectionError): string {
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
}
