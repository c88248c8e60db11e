// Rows of PostgreSQL as a Parquet file that DuckDB, Spark, Trino and pandas read. Pure.
//
//   column-type.ts  the type of a column in Parquet, and a value of it from PostgreSQL's text
//   table.ts  rows in, the bytes of the file out, piece by piece
//
// Values come as PostgreSQL's text (times in UTC), so that no digit is lost on the way. All columns may be NULL, since a
// declared type says nothing of that. The same rows in the same portions give the same bytes.
import type { SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { elementOf, type ParquetType, parquetValue } from './column-type.ts';

/** A column of a file. */
export interface ParquetColumn {
  readonly name: string;
  readonly type: ParquetType;
}

/** Values by the names of columns, as PostgreSQL's text. */
type TextRow = Readonly<Record<string, unknown>>;

/** Rows that are compressed together. More of them make smaller files and need more memory. */
const groupRows = 20_000;

/**
 * A Parquet file that is written row by row; at most {@link groupRows} rows are in memory.
 * @example const file = new ParquetTable(columns); send(file.add(rows)); send(file.end());
 */
export class ParquetTable {
  readonly #columns: readonly ParquetColumn[];
  readonly #bytes = new ByteWriter();
  readonly #writer: ParquetWriter;
  #values: unknown[][];
  #rows = 0;

  constructor(columns: readonly ParquetColumn[]) {
    this.#columns = columns;
    this.#values = columns.map(() => []);
    const root: SchemaElement = { name: 'root', num_children: columns.length };
    this.#writer = new ParquetWriter({
      writer: this.#bytes,
      schema: [root, ...columns.map(({ name, type }) => elementOf(name, type))],
      createdBy: 'datacycle',
    });
  }

  /** Takes rows. @returns the bytes that are ready to be sent, maybe none. @throws Error for a text that is no value of its column. */
  add(rows: readonly TextRow[]): Uint8Array {
    for (const row of rows) {
      for (const [at, { name, type }] of this.#columns.entries()) this.#values[at]?.push(parquetValue(type, row[name]));
      this.#rows += 1;
      if (this.#rows === groupRows) this.#writeGroup();
    }
    return this.#ready();
  }

  /** Ends the file. @returns its last bytes. */
  end(): Uint8Array {
    if (this.#rows > 0) this.#writeGroup();
    this.#writer.finish();
    return this.#ready();
  }

  #writeGroup(): void {
    const columnData = this.#columns.map(({ name }, at) => ({ name, data: this.#values[at] ?? [] }));
    this.#writer.write({ columnData, rowGroupSize: groupRows });
    this.#values = this.#columns.map(() => []);
    this.#rows = 0;
  }

  #ready(): Uint8Array {
    const ready = this.#bytes.getBytes().slice();
    this.#bytes.index = 0;
    return ready;
  }
}

/** All rows as one file. */
export function parquetOf(columns: readonly ParquetColumn[], rows: readonly TextRow[]): Uint8Array {
  const file = new ParquetTable(columns);
  return Buffer.concat([file.add(rows), file.end()]);
}
