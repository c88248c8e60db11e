// Linear models, as a person could compute them by hand: a sum of terms, one for each input.
//
//   1. spec.ts      how a model is trained, and what it is once trained
//   2. design.ts    columns become standardised inputs; names (rooms, hours) become one input each
//   3. cholesky.ts  solves the normal equations
//   4. ridge.ts     linear regression with a penalty, for all rows and by group
//   5. logistic.ts  logistic regression with a penalty, by Newton's method
//   6. terms.ts     the prediction of trained terms, and what each column adds to it
//
// At the end a missing value adds nothing, and an input that never varied has no term.
import { valuesAt } from '../data/matrix.ts';
import type { Term } from './spec.ts';

/** An input: its values, standardised (mean 0, standard deviation 1 by weight; missing is 0), and what they were made of. */
export interface Input {
  readonly values: Float64Array;
  readonly of: Omit<Term, 'coefficient'>;
}

/** Columns by name, with the weights of their rows. */
export interface Inputs {
  readonly names: readonly string[];
  readonly columns: readonly Float64Array[];
  /** The rows that count, by position; all if it is not given. */
  readonly rows?: Int32Array | undefined;
  /** Of the rows that count. */
  readonly weights: Float64Array;
  readonly categories: ReadonlySet<string>;
  /** With a penalty all levels of a category are inputs; without, the smallest is not. */
  readonly hasPenalty: boolean;
  /** Where the inputs are put, over what is there; memory of their own if there is none. */
  readonly memory?: Float64Array | undefined;
}

/** How many numbers the inputs of all rows have at most; of some of the rows they have fewer. */
export function sizeOf(inputs: Inputs): number {
  return wantedOf(inputs).length * inputs.weights.length;
}

/**
 * The inputs of a linear model, in the order of the columns and levels. Columns that do not vary are left out.
 * Standardising makes one penalty fit all inputs (Hastie, Tibshirani, Friedman, "The elements of statistical learning", 3.4.1).
 */
export function designOf(inputs: Inputs): readonly Input[] {
  const { rows, weights } = inputs;
  const count = weights.length;
  const { memory = new Float64Array(sizeOf(inputs)) } = inputs;
  return wantedOf(inputs).flatMap(({ column, level, from }, index) => {
    const values = memory.subarray(index * count, (index + 1) * count);
    fill(values, from, rows, level);
    const spread = standardise(values, weights);
    if (spread === undefined) return [];
    return [{ values, of: { column, ...(level === undefined ? spread.range : { level }), ...spread.scale } }];
  });
}

/** A column, or a level of one, that is an input if it varies. */
interface Wanted {
  readonly column: string;
  readonly level?: number;
  readonly from: Float64Array;
}

function wantedOf({ names, columns, rows, categories, hasPenalty }: Inputs): readonly Wanted[] {
  return names.flatMap((column, index): Wanted[] => {
    const from = columns[index] ?? new Float64Array(0);
    if (!categories.has(column)) return [{ column, from }];
    const levels = [...new Set(rows === undefined ? from : valuesAt(from, rows))]
      .filter((value) => !Number.isNaN(value))
      .sort((a, b) => a - b);
    return levels.slice(hasPenalty ? 0 : 1).map((level) => ({ column, level, from }));
  });
}

/** Puts the rows that count of a column side by side; of a level, whether they have it. */
function fill(into: Float64Array, from: Float64Array, rows: Int32Array | undefined, level: number | undefined): void {
  for (let at = 0; at < into.length; at += 1) {
    const value = from[rows === undefined ? at : (rows[at] as number)] as number;
    into[at] = level === undefined || Number.isNaN(value) ? value : Number(value === level);
  }
}

/** Far enough for a winter after an autumn; a door that stood open for a minute once says nothing of one that is open all day. */
const beyond = 0.5;

function rangeOf(values: Float64Array): { readonly least: number; readonly greatest: number } {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  const margin = beyond * (greatest - least);
  return { least: least - margin, greatest: greatest + margin };
}

/** Standardises values where they are; says how they were spread, or nothing if all their weight lies on one value. */
function standardise(values: Float64Array, weights: Float64Array) {
  let [total, sum] = [0, 0];
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] as number;
    if (Number.isNaN(value)) continue;
    total += weights[row] as number;
    sum += (weights[row] as number) * value;
  }
  if (total === 0) return undefined;
  const mean = sum / total;
  let squares = 0;
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] as number;
    if (!Number.isNaN(value)) squares += (weights[row] as number) * (value - mean) ** 2;
  }
  const deviation = Math.sqrt(squares / total);
  // What rounding leaves of a constant is no variation.
  if (!(deviation > 1e-12 * Math.abs(mean)) || deviation === 0) return undefined;
  const range = rangeOf(values);
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] as number;
    values[row] = Number.isNaN(value) ? 0 : (value - mean) / deviation;
  }
  return { range, scale: { mean, deviation } };
}

/** How many rows are multiplied at a time: two columns of so many rows fit into the nearest cache. */
const blockRows = 1024;

/**
 * The weighted sums of products of each two inputs, `n * n` row by row; the lower half and the diagonal are filled.
 * Missing values were replaced by the mean, so that the matrix cannot be negative definite.
 */
export function productsOf(inputs: readonly Input[], weights: Float64Array): Float64Array {
  const n = inputs.length;
  const sums = new Float64Array(n * n);
  const block = new Float64Array(blockRows);
  for (let start = 0; start < weights.length; start += blockRows) {
    const end = Math.min(start + blockRows, weights.length);
    for (let i = 0; i < n; i += 1) {
      const one = inputs[i]?.values ?? block;
      for (let row = start; row < end; row += 1) block[row - start] = (one[row] as number) * (weights[row] as number);
      addProducts(sums, i * n, block, inputs, i, start, end);
    }
  }
  return sums;
}

/** Adds the products of a block with inputs 0 to `last`: four at a time, whose sums do not wait for each other. */
function addProducts(
  sums: Float64Array,
  at: number,
  block: Float64Array,
  inputs: readonly Input[],
  last: number,
  start: number,
  end: number,
): void {
  const valuesOf = (index: number) => inputs[index]?.values ?? block;
  let j = 0;
  for (; j + 3 <= last; j += 4)
    addFourDots(sums, at + j, block, valuesOf(j), valuesOf(j + 1), valuesOf(j + 2), valuesOf(j + 3), start, end);
  for (; j <= last; j += 1) sums[at + j] = (sums[at + j] as number) + dot(block, valuesOf(j), start, end);
}

function addFourDots(
  sums: Float64Array,
  at: number,
  block: Float64Array,
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  d: Float64Array,
  start: number,
  end: number,
): void {
  let [sumA, sumB, sumC, sumD] = [0, 0, 0, 0];
  for (let row = start; row < end; row += 1) {
    const value = block[row - start] as number;
    sumA += value * (a[row] as number);
    sumB += value * (b[row] as number);
    sumC += value * (c[row] as number);
    sumD += value * (d[row] as number);
  }
  sums[at] = (sums[at] as number) + sumA;
  sums[at + 1] = (sums[at + 1] as number) + sumB;
  sums[at + 2] = (sums[at + 2] as number) + sumC;
  sums[at + 3] = (sums[at + 3] as number) + sumD;
}

function dot(block: Float64Array, other: Float64Array, start: number, end: number): number {
  let sum = 0;
  for (let row = start; row < end; row += 1) sum += (block[row - start] as number) * (other[row] as number);
  return sum;
}

/** The sums of products of each input with one value a row; weights, if any, are part of `values`. */
export function productsWith(inputs: readonly Input[], values: Float64Array): Float64Array {
  return Float64Array.from(inputs, (input) => dot(values, input.values, 0, values.length));
}
