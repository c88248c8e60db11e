import { ParquetTable, parquetOf } from '../../parquet/table.ts';
import type { Row } from '../../warehouse/warehouse.ts';
import { parquetColumns } from '../answer/parquet-columns.ts';
import { csvHeader, csvRows, jsonRows } from '../answer/rows.ts';
import type { Reader } from '../keys/keys.ts';
import type { Asked, Format } from '../query/asked.ts';
import { cursorOf } from '../query/cursor.ts';
import { mostRows } from '../query/parameters.ts';
import { pageStatement } from '../query/statement.ts';
import type { Column, Resource } from '../resource/resource.ts';

export interface Page {
  readonly rows: readonly Row[];
  /** The values of the order's columns in its last row; undefined if no page follows. */
  readonly last: readonly string[] | undefined;
}

/** One page of an address. @throws StatementError | ConnectionError */
export async function readPage(
  reader: Reader,
  resource: Resource,
  asked: Asked,
  after: readonly string[] | undefined,
  limit: number,
): Promise<Page> {
  const { sql, params } = pageStatement(resource, asked, after, limit);
  const { rows } = await reader.query(sql, params);
  const shown = rows.slice(0, limit);
  const end = rows.length > limit ? shown.at(-1) : undefined;
  return { rows: shown, last: end && resource.orderBy.map((name) => String(end[name])) };
}

/** The body of one page. */
export function bodyOf(format: Format, asked: Asked, { rows }: Page, next: string | null): string | Buffer {
  const { columns } = asked;
  switch (format) {
    case 'json':
      return `{"rows":[${jsonRows(columns, rows).join(',\n')}],"next":${JSON.stringify(next)}}\n`;
    case 'csv':
      return csvHeader(columns) + csvRows(columns, rows);
    case 'ndjson':
      return linesOf(columns, rows);
    case 'parquet':
      return Buffer.from(parquetOf(parquetColumns(columns), rows));
    default:
      return format satisfies never;
  }
}

/** https://github.com/ndjson/ndjson-spec */
function linesOf(columns: readonly Column[], rows: readonly Row[]): string {
  return jsonRows(columns, rows)
    .map((row) => `${row}\n`)
    .join('');
}

/** The cursor of the page that follows. */
export function nextOf(resource: Resource, asked: Asked, { last }: Page): string | null {
  return last === undefined ? null : cursorOf(resource.path, asked, last);
}

/**
 * All pages, each asked for when the one before it is on its way: memory stays flat, and no connection is held for a reader that is
 * slow. Rows that change meanwhile are as they were when their page was read.
 * @param first the page that was read already. @param stop ends it before its end.
 */
export async function* allPages(
  reader: Reader,
  resource: Resource,
  asked: Asked,
  format: 'csv' | 'ndjson' | 'parquet',
  first: Page,
  stop: AbortSignal,
): AsyncGenerator<string | Buffer> {
  const { columns } = asked;
  const file = format === 'parquet' ? new ParquetTable(parquetColumns(columns)) : undefined;
  const textOf = ({ rows }: Page) => (format === 'csv' ? csvRows(columns, rows) : linesOf(columns, rows));
  if (format === 'csv') yield csvHeader(columns);
  for (let page = first; ; ) {
    const piece = file === undefined ? textOf(page) : Buffer.from(file.add(page.rows));
    if (piece.length > 0) yield piece;
    if (page.last === undefined) break;
    stop.throwIfAborted();
    page = await readPage(reader, resource, asked, page.last, mostRows);
  }
  if (file !== undefined) yield Buffer.from(file.end());
}
