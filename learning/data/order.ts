import { LearningError } from './errors.ts';
import { type Matrix, nameOfRow, rowsAt, valuesAt } from './matrix.ts';

/** Rows with what is to be learnt of them: a target and a weight for each row. */
export interface Examples {
  readonly matrix: Matrix;
  readonly target: Float64Array;
  readonly weights: Float64Array;
}

/**
 * The examples in one order that follows from what they hold: by key, or by value where there are no keys. Sums of floating
 * point numbers and draws by chance depend on the order of the rows, so a model is the same for the same rows only after this.
 * @returns the examples themselves if they are in this order.
 * @throws LearningError if two rows have the same key.
 */
export function inOneOrder(examples: Examples): Examples {
  const { matrix, target, weights } = examples;
  const compareRows = matrix.keys === undefined ? byValues(examples) : byKeys(matrix, matrix.keys);
  if (isInOrder(matrix.rows, compareRows)) return examples;
  const order = Int32Array.from({ length: matrix.rows }, (_, row) => row).sort(compareRows);
  return { matrix: rowsAt(matrix, order), target: valuesAt(target, order), weights: valuesAt(weights, order) };
}

type CompareRows = (a: number, b: number) => number;

function isInOrder(rows: number, compareRows: CompareRows): boolean {
  for (let row = 1; row < rows; row += 1) if (compareRows(row - 1, row) > 0) return false;
  return true;
}

function byKeys(matrix: Matrix, keys: readonly Float64Array[]): CompareRows {
  const compareRows = byColumns(keys);
  return (a, b) => {
    const order = compareRows(a, b);
    if (order === 0 && a !== b)
      throw new LearningError(
        `Two rows have the key ${nameOfRow(matrix, a)}.`,
        'Make the keys of the rows unique, or leave them out.',
      );
    return order;
  };
}

/** Rows that are equal in everything may change places: no result can tell them apart. */
function byValues({ matrix, target, weights }: Examples): CompareRows {
  return byColumns([...matrix.values, target, weights]);
}

function byColumns(columns: readonly Float64Array[]): CompareRows {
  return (a, b) => {
    for (const column of columns) {
      const order = compare(column[a] as number, column[b] as number);
      if (order !== 0) return order;
    }
    return 0;
  };
}

/** By size, missing values last. */
function compare(one: number, other: number): number {
  if (one < other) return -1;
  if (one > other) return 1;
  return Number(Number.isNaN(one)) - Number(Number.isNaN(other));
}
