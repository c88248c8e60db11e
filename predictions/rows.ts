import { columnNamed, columnsNamed, rowsAt, valuesAt } from '../learning/data/matrix.ts';
import { type Examples, quartersOfDay } from './examples.ts';

/** The rows of examples that are wanted, by position. */
export function positions({ matrix }: Examples, isWanted: (row: number) => boolean): readonly number[] {
  return Array.from({ length: matrix.rows }, (_, row) => row).filter(isWanted);
}

/** The examples at some positions, in this order. @param names of the columns that are wanted, without keys, if not all are. */
export function at(examples: Examples, rows: readonly number[], names?: readonly string[]): Examples {
  const { matrix: all } = examples;
  const matrix = rowsAt(
    names === undefined ? all : { columns: names, rows: all.rows, values: columnsNamed(all, names) },
    rows,
  );
  const texts = (of: readonly string[]) => rows.map((row) => of[row] ?? '');
  return {
    matrix,
    origins: valuesAt(examples.origins, rows),
    targets: valuesAt(examples.targets, rows),
    days: valuesAt(examples.days, rows),
    labels: valuesAt(examples.labels, rows),
    apartments: texts(examples.apartments),
    rooms: texts(examples.rooms),
  };
}

/** How many days ahead each row is: 1, 2 or 3. */
export function dayAheadOf({ matrix }: Examples): (row: number) => number {
  const ahead = columnNamed(matrix, 'ahead');
  return (row) => Math.ceil((ahead[row] ?? 1) / quartersOfDay);
}

/** `<apartment>/<room>` of each row. */
export function roomsOf({ apartments, rooms }: Examples): readonly string[] {
  return rooms.map((room, row) => `${apartments[row]}/${room}`);
}

/** The positions of the rows with one key each, in the order in which keys first come. */
export function grouped(rows: number, keyOf: (row: number) => string): ReadonlyMap<string, readonly number[]> {
  const groups = new Map<string, number[]>();
  for (let row = 0; row < rows; row += 1) {
    const key = keyOf(row);
    const found = groups.get(key);
    if (found === undefined) groups.set(key, [row]);
    else found.push(row);
  }
  return groups;
}
