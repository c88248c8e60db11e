import { createWriteStream } from 'node:fs';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createFolders } from './make-folders.ts';
import { identifier } from './quote.ts';
import type { Session } from './warehouse.ts';

/**
 * Writes what a query gives as a CSV file with a header, UTF-8, as fast as it comes, for people who open it in a spreadsheet: text
 * that would be a formula there has an apostrophe before it, numbers are as they are. Its folder is created if need be; on systems that
 * know owners only this user may read the file.
 * @param query without parameters; each of its columns has a name of its own.
 * @throws StatementError; the system's error if the file cannot be written; the signal's reason once it is aborted.
 * @example await copyToFile(session, 'select 1 as one', 'exports/one.csv')
 */
export async function copyToFile(session: Session, query: string, path: string, signal?: AbortSignal): Promise<void> {
  await createFolders(dirname(path));
  const safe = await withoutFormulas(session, query);
  const chunks = session.copyOut(`copy (${safe}) to stdout with (format csv, header true, encoding 'UTF8')`);
  await pipeline(Readable.from(chunks), createWriteStream(path, { mode: 0o600 }), ...(signal ? [{ signal }] : []));
}

/** SQL for a text with an apostrophe before it where a spreadsheet would take it for a formula. @param text SQL that yields text. */
export function guardedText(text: string): string {
  return `case when ${text} ~ '^[=+@\\t\\r\\n-]' and ${text} !~ '^[+-]?[0-9.]+(e[+-]?[0-9]+)?$' then '''' || ${text} else ${text} end`;
}

/**
 * The query with an apostrophe before each text that a spreadsheet takes for a formula:
 * ```sql
 * select q."id", case when q."name" ~ '^[=+@-]' and <no number> then '''' || q."name" else q."name" end as "name" from (<query>) as q
 * ```
 */
async function withoutFormulas(session: Session, query: string): Promise<string> {
  const { columns } = await session.query(`select * from (${query}) as q limit 0`);
  const names = columns.map((name) => identifier(name));
  const types = names.map((name) => `pg_typeof((select q.${name} from (${query}) as q limit 0))`);
  const { rows } = await session.query<{ name: string }>(
    `select t.name
     from unnest(array[${columns.map((_, index) => `$${index + 1}`).join(', ')}]::text[], array[${types.join(', ')}]::oid[]) as t (name, type)
     join pg_type on pg_type.oid = t.type
     where typcategory = 'S'`,
    names,
  );
  const texts = new Set(rows.map(({ name }) => name));
  const list = names.map((name) => (texts.has(name) ? `${guardedText(`q.${name}`)} as ${name}` : `q.${name}`));
  return `select ${list.join(', ')} from (${query}) as q`;
}
