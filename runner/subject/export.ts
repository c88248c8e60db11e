import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createFolders } from '../../warehouse/make-folders.ts';
import { identifier, literal, relation } from '../../warehouse/quote.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { countSubjectRows, type KnownSubject, type SubjectRows, subjectCondition } from './erase.ts';

/** A file that was written. */
export interface ExportedTable extends SubjectRows {
  /** Relative to the folder, with forward slashes: `gold/dim_room.csv`. */
  readonly path: string;
}

/**
 * Writes the subject's rows of every table that has any into `<folder>/<schema>/<name>.csv`, all as they were at one moment.
 * Streams: memory stays flat, the embedded database's own apart.
 * @param onTable told what is written next.
 * @returns what was written, what is made of the most first.
 */
export async function exportTables(
  warehouse: Warehouse,
  manifest: Manifest,
  subject: KnownSubject,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
  onTable: (name: string) => void,
): Promise<readonly ExportedTable[]> {
  return warehouse.transaction(async (session) => {
    await session.query('set transaction read only');
    const written: ExportedTable[] = [];
    for (const { node, rows } of await countSubjectRows(session, manifest, subject)) {
      if (rows === 0) continue;
      signal.throwIfAborted();
      const { schema, name } = node.relation;
      onTable(`${schema}.${name}`);
      await createFolders(join(folder, schema));
      const condition = subjectCondition(node, manifest, subject)(literal);
      const order = (node.config.unique_key ?? []).map((column) => `t.${identifier(column)}`).join(', ');
      const query = `select t.* from ${relation(schema, name)} as t where ${condition}${order === '' ? '' : ` order by ${order}`}`;
      const file = createWriteStream(join(folder, schema, `${name}.csv`), { mode: 0o600, flags: 'wx' });
      const chunks = session.copyOut(`copy (${query}) to stdout with (format csv, header true, encoding 'UTF8')`);
      await pipeline(Readable.from(chunks), file, { signal });
      written.push({ node, rows, path: `${schema}/${name}.csv` });
    }
    return written;
  }, 'repeatable read');
}
