// What a model learns from and what it scores: a table of numbers, column by column.
//
//   1. matrix.ts    the table: names, values, keys; a missing value is NaN
//   2. order.ts     rows in the order of their keys, so that training does not depend on the order of arrival
//   3. random.ts    numbers by chance that are the same everywhere
//   4. quantile.ts  quantiles of samples with weights
//   5. summary.ts   how the values of a column are spread
//   6. checksum.ts  JSON with sorted keys, and its SHA-256
//
// At the end a table has been checked: all columns have the same number of rows, and every value is finite or missing.
import { LearningError } from './errors.ts';

/** A table of numbers. `values[i]` is the column `columns[i]`, one number a row; NaN is a missing value. */
export interface Matrix {
  readonly columns: readonly string[];
  readonly rows: number;
  readonly values: readonly Float64Array[];
  /**
   * Columns that tell rows apart: no two rows agree in all of them. Training sorts the rows by them, the first column first. Without keys
   * the rows are sorted by their values, which gives the same model, too, whatever the order of the rows, but takes longer.
   */
  readonly keys?: readonly Float64Array[];
}

/** @returns the matrix of rows that are objects. What is not in a row, or null, is missing. A boolean is 1 or 0. */
export function matrixOf(
  columns: readonly string[],
  records: readonly Readonly<Record<string, number | boolean | null | undefined>>[],
): Matrix {
  const values = columns.map((column) => Float64Array.from(records, (record) => Number(record[column] ?? Number.NaN)));
  return { columns, rows: records.length, values };
}

/**
 * Columns of zeros in one piece of memory: once nothing reads them it goes back to the system as a whole, and no gaps are left between
 * other columns that nothing else fits into.
 * @param areShared whether threads share them: a training thread reads them where they are.
 */
export function emptyColumns(count: number, rows: number, areShared = false): readonly Float64Array[] {
  const bytes = rows * Float64Array.BYTES_PER_ELEMENT;
  const memory = areShared ? new SharedArrayBuffer(count * bytes) : new ArrayBuffer(count * bytes);
  return Array.from({ length: count }, (_, at) => new Float64Array(memory, at * bytes, rows));
}

/** @returns the rows at these positions, in this order. */
export function rowsAt(matrix: Matrix, positions: ArrayLike<number>): Matrix {
  const { columns, keys } = matrix;
  const values = emptyColumns(matrix.values.length, positions.length);
  for (const [index, picked] of values.entries()) pick(matrix.values[index] ?? picked, positions, picked);
  const picked = keys?.map((key) => valuesAt(key, positions));
  return { columns, rows: positions.length, values, ...(picked === undefined ? {} : { keys: picked }) };
}

/** @returns the values at these positions, in this order. */
export function valuesAt(values: Float64Array, positions: ArrayLike<number>): Float64Array {
  const picked = new Float64Array(positions.length);
  pick(values, positions, picked);
  return picked;
}

function pick(values: Float64Array, positions: ArrayLike<number>, into: Float64Array): void {
  for (let at = 0; at < into.length; at += 1) into[at] = values[positions[at] as number] as number;
}

/**
 * The columns of these names, in this order; a matrix may have others besides.
 * @throws LearningError if one is not there.
 */
export function columnsNamed(matrix: Matrix, names: readonly string[]): readonly Float64Array[] {
  const at = new Map(matrix.columns.map((name, index) => [name, index]));
  const missing = names.filter((name) => !at.has(name));
  if (missing.length > 0)
    throw new LearningError(
      `The model reads columns that the rows do not have: ${missing.join(', ')}.`,
      'Score with the columns that the model was trained on, or train it again.',
    );
  return names.map((name) => matrix.values[at.get(name) ?? 0] ?? new Float64Array(0));
}

/** The column of this name. @throws LearningError if it is not there. */
export function columnNamed(matrix: Matrix, name: string): Float64Array {
  return columnsNamed(matrix, [name])[0] ?? new Float64Array(0);
}

/** @throws LearningError if columns differ in length, a name is there twice, or a value is infinite. */
export function checkMatrix(matrix: Matrix): void {
  const { columns, values, rows, keys } = matrix;
  const wrong = (message: string) => new LearningError(message, 'Correct the query that makes the rows.');
  if (columns.length !== values.length)
    throw wrong(`There are ${columns.length} names for ${values.length} columns of values.`);
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  if (twice !== undefined) throw wrong(`The column ${twice} is there twice.`);
  const short = keys?.find((key) => key.length !== rows);
  if (short !== undefined) throw wrong(`There are ${short.length} keys for ${rows} rows.`);
  columns.forEach((name, index) => {
    const column = values[index] ?? new Float64Array(0);
    if (column.length !== rows) throw wrong(`The column ${name} has ${column.length} values for ${rows} rows.`);
    const row = column.findIndex((value) => value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY);
    if (row >= 0) throw wrong(`The column ${name} is infinite in row ${nameOfRow(matrix, row)}.`);
  });
}

/** What messages call a row: its keys, or its place, the first being 1. */
export function nameOfRow({ keys }: Matrix, row: number): string {
  return keys === undefined ? String(row + 1) : keys.map((key) => key[row]).join('/');
}
