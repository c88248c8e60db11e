import type { Exposure } from '../../runner/manifest/exposure.ts';
import type { FieldName } from '../model/fields.ts';
import { type Column, MeasureRows, modelOf, type Narrowing, timesOf, whereOf } from './measure-rows.ts';

/** What the expressions of measures read. */
export interface Relation {
  readonly name: string;
  readonly sql: string;
  /** Its columns, those by which cells are told apart among them. */
  readonly columns: readonly Pick<Column, 'name' | 'type'>[];
  /** The columns by which cells are told apart; none where it is the same for all of them. */
  readonly cells: readonly string[];
}

/** The parts of a statement that are the filter context: the rows that count, with more or less of its filters. */
export class FilterContext {
  readonly params: (readonly string[])[] = [];
  readonly names: readonly string[];
  readonly #exposures: readonly Exposure[];
  readonly #rows: MeasureRows;
  readonly #by: readonly FieldName[];
  readonly #where: readonly Narrowing[];
  readonly #used: ReadonlySet<string>;
  readonly #times: ReturnType<typeof timesOf>;
  readonly #numbers = new Map<Narrowing, number>();

  constructor(
    exposures: readonly Exposure[],
    fact: Exposure,
    {
      by,
      where,
      used,
    }: {
      readonly by: readonly FieldName[];
      readonly where: readonly Narrowing[];
      readonly used: ReadonlySet<string>;
    },
  ) {
    this.#exposures = exposures;
    this.#rows = new MeasureRows(exposures, fact);
    this.#by = by;
    this.#where = where;
    this.#used = used;
    this.#times = timesOf(exposures, fact);
    this.names = by.map((_, index) => byName(index));
  }

  /** All rows in the context, with the fields that they are grouped by. */
  all(): string {
    return this.#rows.select(this.#used, this.#groups(this.#rows), this.#conditions(this.#rows, this.#where));
  }

  /**
   * The rows without the filters on times that some expression does without, and whether each is within those: `is_on_days` and
   * `is_at_times`.
   */
  widened(): string {
    const { isOfDays, isOfTimes } = this.#times;
    const isDay = ({ field }: Narrowing) => isOfDays(field);
    const isTime = ({ field }: Narrowing) => !isOfDays(field) && isOfTimes(field);
    const [days, times] = [isDay, isTime].map((is) => this.#conditions(this.#rows, this.#where.filter(is)));
    const kept = this.#where.filter((one) => !isDay(one) && (!this.#withoutTimes || !isTime(one)));
    return this.#rows.select(
      this.#used,
      [
        ...this.#groups(this.#rows),
        flag('is_on_days', days),
        flag('is_at_times', this.#withoutTimes ? times : undefined),
      ],
      this.#conditions(this.#rows, kept),
    );
  }

  /** Whether an expression reads rows that filters on times leave out. */
  get isWidened(): boolean {
    return this.#used.has('rows_of_all_days') || this.#withoutTimes;
  }

  get #withoutTimes(): boolean {
    return this.#used.has('rows_of_all_times');
  }

  /** The relations that the expressions read: of the rows of `all_rows`, of other tables and of the calendar. */
  relations(): readonly Relation[] {
    const { calendar, isOfDays, isOfTimes } = this.#times;
    const flags = this.isWidened ? [flag('is_on_days'), flag('is_at_times')] : [];
    const [onDays, atTimes] = flags.map(({ name }) => name);
    const own = (name: string, kept: readonly (string | undefined)[], isKept: (field: FieldName) => boolean) => ({
      name,
      make: () => ({
        sql: ['select * from all_rows', ...whereOf(kept.filter((one) => one !== undefined))].join(' '),
        columns: this.#rows.columns(this.#used, [...this.#groups(this.#rows), ...flags]),
        cells: this.#by.flatMap((field, index) => (isKept(field) ? [byName(index)] : [])),
      }),
    });
    const others = this.#exposures.map((one) => [rowsOf(one), one] as const);
    return [
      own('rows', [onDays, atTimes], () => true),
      own('rows_of_all_days', [atTimes], (field) => !isOfDays(field)),
      own('rows_of_all_times', [], (field) => !isOfTimes(field)),
      ...others.map(([name, one]) => this.#rowsOf(name, one, () => true)),
      ...(calendar === undefined ? [] : [this.#rowsOf('chosen_days', calendar, isOfDays)]),
    ].flatMap(({ name, make }) => (name === 'rows' || this.#used.has(name) ? [{ name, ...make() }] : []));
  }

  /** The rows of another table in the same context, of which some fields count; of what filters do not reach, all. */
  #rowsOf(name: string, exposure: Exposure, counts: (field: FieldName) => boolean) {
    const make = () => {
      const rows = new MeasureRows(this.#exposures, exposure);
      const groups = this.#groups(rows, counts);
      const where = this.#where.filter(({ field }) => counts(field));
      return {
        sql: rows.select(this.#used, groups, this.#conditions(rows, where)),
        columns: rows.columns(this.#used, groups),
        cells: groups.map((one) => one.name),
      };
    };
    return { name, make };
  }

  /** The fields that cells are told apart by, as far as they reach a table. */
  #groups(rows: MeasureRows, counts: (field: FieldName) => boolean = () => true): Column[] {
    return this.#by.flatMap((field, index) => {
      const column = counts(field) ? rows.column(field) : undefined;
      return column === undefined ? [] : [{ name: byName(index), sql: `${column}::text`, type: 'text' }];
    });
  }

  #conditions(rows: MeasureRows, where: readonly Narrowing[]): string[] {
    return where.flatMap((one) => {
      const column = rows.column(one.field);
      return column === undefined ? [] : [`${column}::text = any($${this.#parameter(one)}::text[])`];
    });
  }

  #parameter(one: Narrowing): number {
    const number = this.#numbers.get(one) ?? this.params.push(one.values);
    this.#numbers.set(one, number);
    return number;
  }
}

/** The relation of the rows of a table. */
export function rowsOf(exposure: Exposure): string {
  return `rows_of_${modelOf(exposure)}`;
}

function byName(index: number): string {
  return `by${index + 1}`;
}

function flag(name: string, conditions: readonly string[] = []): Column {
  return { name, sql: conditions.join(' and ') || 'true', type: 'boolean' };
}
