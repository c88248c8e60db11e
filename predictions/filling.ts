import { emptyColumns } from '../learning/data/matrix.ts';
import type { Row } from '../warehouse/warehouse.ts';
import { queried } from './inputs.ts';

/** Examples that are filled in as rows are read: the columns have their length from the beginning, so that none is there twice. */
export class Filling {
  readonly #columns: readonly string[];
  /** The columns that are in the rows, in their order there. */
  readonly #queried: readonly Float64Array[];
  readonly #roomCodes: Float64Array;
  readonly #apartmentCodes: Float64Array;
  readonly #origins: Float64Array;
  readonly #targets: Float64Array;
  readonly #days: Float64Array;
  readonly #labels: Float64Array;
  readonly #apartments: string[] = [];
  readonly #rooms: string[] = [];
  /** Each name once: every row comes with texts of its own. */
  readonly #names = new Map<string, string>();
  readonly #roomAt: (code: string) => number;
  readonly #apartmentAt: (apartment: string) => number;

  /** @param rows how many there will be. @param codes `<apartment>/<room>` by position. @param columns the inputs. */
  constructor(rows: number, codes: readonly string[], columns: readonly string[]) {
    const inRows = queried(columns);
    const memory = [...emptyColumns(inRows.length + 6, rows, true)];
    const column = () => memory.pop() ?? new Float64Array(rows);
    this.#columns = columns;
    this.#queried = inRows.map(column);
    this.#roomCodes = column();
    this.#apartmentCodes = column();
    this.#origins = column();
    this.#targets = column();
    this.#days = column();
    this.#labels = column();
    this.#roomAt = numbersOf(codes);
    this.#apartmentAt = numbersOf(apartmentsOf(codes));
  }

  /** @param rows of `exampleQuery`, with these columns. */
  add(rows: readonly Row[]): void {
    for (const row of rows) {
      const at = this.#rooms.length;
      const [apartment, room] = [this.#once(String(row.apartment)), this.#once(String(row.room))];
      this.#apartments.push(apartment);
      this.#rooms.push(room);
      this.#origins[at] = 1000 * Number(row.origin);
      this.#targets[at] = 1000 * Number(row.target);
      this.#days[at] = numberOf(row.days);
      this.#labels[at] = numberOf(row.label);
      this.#roomCodes[at] = this.#roomAt(`${apartment}/${room}`);
      this.#apartmentCodes[at] = this.#apartmentAt(apartment);
      const texts = String(row.inputs).split(',');
      for (const [place, column] of this.#queried.entries())
        column[at] = texts[place] ? Number(texts[place]) : Number.NaN;
    }
  }

  /** What `Examples` are, once all rows are there. */
  examples() {
    const [origins, targets] = [this.#origins, this.#targets];
    const codes = new Map([
      ['room', this.#roomCodes],
      ['apartment', this.#apartmentCodes],
    ]);
    const inRows = queried(this.#columns);
    const values = this.#columns.map(
      (name) => codes.get(name) ?? this.#queried[inRows.indexOf(name)] ?? new Float64Array(0),
    );
    return {
      matrix: { columns: this.#columns, rows: this.#rooms.length, values, keys: [origins, targets, this.#roomCodes] },
      origins,
      targets,
      days: this.#days,
      labels: this.#labels,
      apartments: this.#apartments,
      rooms: this.#rooms,
    };
  }

  #once(name: string): string {
    const known = this.#names.get(name);
    if (known === undefined) this.#names.set(name, name);
    return known ?? name;
  }
}

/** The apartments of `<apartment>/<room>`, each once. */
export function apartmentsOf(codes: readonly string[]): readonly string[] {
  return [...new Set(codes.map((code) => code.split('/')[0] ?? ''))];
}

/** The position of a text in a list; NaN, a missing value, if it is not there. */
export function numbersOf(list: readonly string[]): (text: string) => number {
  const at = new Map(list.map((text, index) => [text, index]));
  return (text) => at.get(text) ?? Number.NaN;
}

function numberOf(value: unknown): number {
  return value === null || value === undefined ? Number.NaN : Number(value);
}
