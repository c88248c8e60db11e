// Rows as text, of the text that PostgreSQL gives for each value, so that no digit is lost. Pure.
//
//   rows.ts    one row as JSON or CSV; times as in ISO 8601
//   accept.ts  which format a request takes
//
// Whether a value is a number or a text in JSON its column's kind says (resource/kinds.ts), not what it looks like.
import { type Options, stringify } from 'csv-stringify/sync';
import type { Row } from '../../warehouse/warehouse.ts';
import type { Column } from '../resource/resource.ts';

/** Each row as a JSON object. Numbers keep their digits; those that JSON has not (NaN, Infinity) are null. */
export function jsonRows(columns: readonly Column[], rows: readonly Row[]): readonly string[] {
  const fields = columns.map((column, at) => ({
    column,
    head: `${at === 0 ? '{' : ','}${JSON.stringify(column.name)}:`,
  }));
  return rows.map((row) => {
    let text = '';
    for (const { column, head } of fields) text += head + jsonValue(column, row[column.name]);
    return `${text === '' ? '{' : text}}`;
  });
}

/** The names of columns as a line of CSV (RFC 4180). */
export function csvHeader(columns: readonly Column[]): string {
  return stringify([columns.map(({ name }) => name)], csvOptions);
}

/** Rows as lines of CSV. NULL is empty, an empty text is `""`. */
export function csvRows(columns: readonly Column[], rows: readonly Row[]): string {
  return stringify(
    rows.map((row) => columns.map((column) => csvValue(column, row[column.name]))),
    csvOptions,
  );
}

/** Only an empty text is quoted, not what is NULL. */
const csvOptions: Options = {
  record_delimiter: '\r\n',
  cast: { string: (value) => (value === '' ? { value, quoted_empty: true } : value) },
};

function csvValue({ kind }: Column, value: unknown): string | null {
  if (typeof value !== 'string') return null;
  return kind === 'timestamp' || kind === 'timestamptz' ? isoTime(value) : value;
}

/** A value as JSON, from PostgreSQL's text. */
export function jsonValue({ kind }: Pick<Column, 'kind'>, value: unknown): string {
  if (typeof value !== 'string') return 'null';
  switch (kind) {
    case 'boolean':
    case 'json':
      return value;
    case 'integer':
      return value;
    case 'number':
      return /^-?\d/.test(value) ? value : 'null';
    case 'timestamp':
    case 'timestamptz':
      return quoted(isoTime(value));
    case 'text':
    case 'uuid':
    case 'date':
    case 'other':
      return quoted(value);
    default:
      return kind satisfies never;
  }
}

/** As JSON; most texts need no look at each character. */
function quoted(text: string): string {
  return /^[\w .:+-]*$/.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** `2013-08-23 15:00:00+00` -> `2013-08-23T15:00:00Z`; what is no time of ISO 8601 (infinity, BC) stays. */
export function isoTime(text: string): string {
  return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?:\+00)?$/.test(text)
    ? text.replace(' ', 'T').replace('+00', 'Z')
    : text;
}
