import { createWriteStream } from 'node:fs';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createFolders } from './make-folders.ts';
import type { Session } from './warehouse.ts';

/**
 * Writes what a query gives as a CSV file with a header, UTF-8, as fast as it comes. Its folder is created if need be; on
 * systems that know owners only this user may read the file.
 * @param query without parameters.
 * @throws StatementError; the system's error if the file cannot be written; the signal's reason once it is aborted.
 * @example await copyToFile(session, 'select 1 as one', 'exports/one.csv')
 */
export async function copyToFile(session: Session, query: string, path: string, signal?: AbortSignal): Promise<void> {
  await createFolders(dirname(path));
  const chunks = session.copyOut(`copy (${query}) to stdout with (format csv, header true, encoding 'UTF8')`);
  await pipeline(Readable.from(chunks), createWriteStream(path, { mode: 0o600 }), ...(signal ? [{ signal }] : []));
}
