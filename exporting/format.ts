import { stringify } from 'csv-stringify/sync';
import { parquetTypeOf } from '../parquet/column-type.ts';
import { ParquetTable } from '../parquet/table.ts';
import type { Export } from '../runner/manifest/exposure-node.ts';
import type { Row } from '../warehouse/warehouse.ts';
import { type ExportedColumn, lineColumn } from './query.ts';

/** A file as it grows: rows in, bytes out. */
export interface Encoder {
  /** @returns the bytes that are ready, maybe none. */
  add(rows: readonly Row[]): Uint8Array;
  /** @returns the last bytes. */
  end(): Uint8Array;
}

/** What makes a file of rows as the query of the format gives them. */
export function encoderOf(format: Export['format'], columns: readonly ExportedColumn[]): Encoder {
  switch (format) {
    case 'csv':
      return csvEncoder(columns.map(({ name }) => name));
    case 'jsonl':
      return {
        add: (rows) => Buffer.from(rows.map((row) => `${row[lineColumn]}\n`).join('')),
        end: () => Buffer.alloc(0),
      };
    case 'parquet':
      return new ParquetTable(columns.map(({ name, type }) => ({ name, type: parquetTypeOf(type) })));
    default:
      return format satisfies never;
  }
}

/** With a header; NULL is an empty field and the empty text has quotes, as COPY writes them. */
function csvEncoder(names: readonly string[]): Encoder {
  let isBegun = false;
  const lines = (rows: readonly Row[]) => {
    const header = isBegun ? [] : [names];
    isBegun = true;
    const cells = rows.map((row) => names.map((name) => row[name]));
    return Buffer.from(
      stringify([...header, ...cells], { cast: { string: (value) => ({ value, quoted_empty: true }) } }),
    );
  };
  return { add: lines, end: () => (isBegun ? Buffer.alloc(0) : lines([])) };
}
