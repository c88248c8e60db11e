import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { createFolders } from '../../warehouse/make-folders.ts';
import type { Session } from '../../warehouse/warehouse.ts';

/**
 * Writes what a query gives as a CSV file with a header, UTF-8, as fast as it comes.
 * @param query without parameters. @param file its name in `folder`, which is created if need be.
 */
export async function writeCsv(session: Session, query: string, folder: string, file: string): Promise<void> {
  await createFolders(folder);
  const target = await open(join(folder, file), 'w');
  try {
    for await (const chunk of session.copyOut(`copy (${query}) to stdout (format csv, header)`)) {
      await target.writeFile(chunk);
    }
  } finally {
    await target.close();
  }
}
