import { LearningError } from './errors.ts';
import { type Matrix, rowsAt, valuesAt } from './matrix.ts';

/** Rows with what is to be learnt of them: a target and a weight for each row. */
export interface Examples {
  readonly matrix: Matrix;
  readonly target: Float64Array;
  readonly weights: Float64Array;
}

/**
 * The examples in one order that follows from what they hold: by key, or by value where there are no keys. Sums of floating
 * point numbers and draws by chance depend on the order of the rows, so a model is the same for the same rows only after this.
 * @throws LearningError if two rows have the same key.
 */
export function inOneOrder(examples: Examples): Examples {
  const { matrix, target, weights } = examples;
  const order = Int32Array.from({ length: matrix.rows }, (_, row) => row);
  order.sort(matrix.keys === undefined ? byValues(examples) : byKey(matrix.keys));
  return { matrix: rowsAt(matrix, order), target: valuesAt(target, order), weights: valuesAt(weights, order) };
}

function byKey(keys: readonly string[]): (a: number, b: number) => number {
  return (a, b) => {
    if (a === b) return 0;
    const [one, other] = [keys[a] ?? '', keys[b] ?? ''];
    if (one === other)
      throw new LearningError(`Two rows have the key ${one}.`, 'Make the keys of the rows unique, or leave them out.');
    return one < other ? -1 : 1;
  };
}

/** Rows that are equal in everything may change places: no result can tell them apart. */
function byValues({ matrix, target, weights }: Examples): (a: number, b: number) => number {
  const columns = [...matrix.values, target, weights];
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
