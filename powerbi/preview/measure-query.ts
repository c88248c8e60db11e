import type { Exposure } from '../../runner/manifest/exposure.ts';
import { identifier } from '../../warehouse/quote.ts';
import type { FieldName } from '../model/fields.ts';
import { MeasureRows, modelOf, type Narrowing, timesOf, whereOf } from './measure-rows.ts';

export interface MeasureQuestion {
  /** The table of the measures. */
  readonly table: string;
  readonly measures: readonly string[];
  /** The measures are computed for each combination of values of these. */
  readonly by: readonly FieldName[];
  readonly where: readonly Narrowing[];
}

/**
 * One statement for several measures. Its rows have `by1`, `by2`, ... (as text), and `value1`, `value2`, ..., one for each of the
 * measures: NULL where that one is blank. There is no row where all of them are, as in a chart of Power BI.
 */
export interface MeasureQuery {
  readonly measures: readonly string[];
  readonly sql: string;
  readonly params: readonly (readonly string[])[];
}

/** What keeps a measure from being computed in SQL. */
export interface NoQuery {
  readonly measure: string;
  readonly reason: string;
}

interface Expression {
  readonly name: string;
  readonly sql: string;
}

/**
 * The SQL of measures of one table in a filter context. A field counts where a filter on its table reaches that table over active
 * relationships; another filter changes nothing, as in Power BI.
 * @returns at most two statements, since those that read `rows` are computed apart; and why there is none for a measure: there is no
 * such measure, it has no `sql`, or no relationship reaches a field of `by`.
 */
export function measureQueries(
  exposures: readonly Exposure[],
  { table, measures, by, where }: MeasureQuestion,
): { readonly queries: readonly MeasureQuery[]; readonly refused: readonly NoQuery[] } {
  const fact = exposures.find(({ name }) => name === table);
  if (fact === undefined)
    return { queries: [], refused: measures.map((measure) => ({ measure, reason: `there is no table ${table}` })) };
  const rows = new MeasureRows(exposures, fact);
  const lost = by.find((field) => rows.column(field) === undefined);
  const found: Expression[] = [];
  const refused: NoQuery[] = [];
  for (const measure of measures) {
    const sql = expanded(measure, fact, exposures, []);
    if (typeof sql !== 'string') refused.push({ ...sql, measure });
    else if (lost !== undefined)
      refused.push({ measure, reason: `${fact.name} is not related to ${lost.table}[${lost.name}]` });
    else found.push({ name: measure, sql });
  }
  const nested = found.filter(({ sql }) => [...wordsOf(sql)].some((word) => readRows.test(word)));
  const groups = [found.filter((one) => !nested.includes(one)), nested].filter((group) => group.length > 0);
  const queries = groups.map((group) => {
    const used = new Set(group.flatMap(({ sql }) => [...wordsOf(sql)]));
    const context = new FilterContext(exposures, fact, rows, { by, where, used });
    const sql =
      group[0] !== undefined && nested.includes(group[0]) ? overRows(context, group) : grouped(context, group);
    return { measures: group.map(({ name }) => name), sql, params: context.params };
  });
  return { queries, refused };
}

/** The same for one measure: its statement, or why there is none. */
export function measureQuery(
  exposures: readonly Exposure[],
  { measure, ...context }: { readonly measure: FieldName } & Pick<MeasureQuestion, 'by' | 'where'>,
): MeasureQuery | NoQuery {
  const { queries, refused } = measureQueries(exposures, {
    table: measure.table,
    measures: [measure.name],
    ...context,
  });
  return queries[0] ?? refused[0] ?? { measure: measure.name, reason: `there is no measure [${measure.name}]` };
}

/** The relations that an expression may read. */
const readRows = /^(rows|rows_of_.+|chosen_days)$/;

interface Relation {
  readonly name: string;
  readonly sql: string;
  /** Whether it is another one for each cell. */
  readonly isOfCell: boolean;
}

/** The parts of a statement that are the filter context: the rows that count, with more or less of its filters. */
class FilterContext {
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
    rows: MeasureRows,
    { by, where, used }: Pick<MeasureQuestion, 'by' | 'where'> & { readonly used: ReadonlySet<string> },
  ) {
    this.#exposures = exposures;
    this.#rows = rows;
    this.#by = by;
    this.#where = where;
    this.#used = used;
    this.#times = timesOf(exposures, fact);
    this.names = by.map((_, index) => `by${index + 1}`);
  }

  /** All rows in the context, with the fields that they are grouped by. */
  all(): string {
    return this.#rows.select(this.#used, this.#groups(), this.#conditions(this.#rows, this.#where));
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
    const flag = (conditions: readonly string[] = [], name: string) =>
      `${conditions.join(' and ') || 'true'} as ${name}`;
    return this.#rows.select(
      this.#used,
      [...this.#groups(), flag(days, 'is_on_days'), flag(this.#withoutTimes ? times : [], 'is_at_times')],
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
    const others = this.#exposures.map((one) => [rowsOf(one), one] as const);
    const [onDays, atTimes] = this.isWidened ? ['is_on_days', 'is_at_times'] : [];
    return [
      this.#ownRows('rows', [onDays, atTimes], () => true),
      this.#ownRows('rows_of_all_days', [atTimes], (field) => !isOfDays(field)),
      this.#ownRows('rows_of_all_times', [], (field) => !isOfTimes(field)),
      ...others.map(([name, one]) => this.#rowsOf(name, one, this.#where, this.#by)),
      ...(calendar === undefined
        ? []
        : [
            this.#rowsOf(
              'chosen_days',
              calendar,
              this.#where.filter(({ field }) => isOfDays(field)),
              this.#by.map((field) => (isOfDays(field) ? field : undefined)),
            ),
          ]),
    ].flatMap((relation) => {
      const { name } = relation;
      return name === 'rows' || this.#used.has(name) ? [{ name, ...relation.make() }] : [];
    });
  }

  #ownRows(name: string, flags: readonly (string | undefined)[], isKept: (field: FieldName) => boolean) {
    const make = () => {
      const same = this.#by.flatMap((field, index) =>
        isKept(field) ? [sameCell(`all_rows.by${index + 1}`, index)] : [],
      );
      const conditions = [...flags.filter((one) => one !== undefined), ...same];
      return { sql: ['select * from all_rows', ...whereOf(conditions)].join(' '), isOfCell: same.length > 0 };
    };
    return { name, make };
  }

  /** The rows of another table in the same context; of what filters do not reach, all. */
  #rowsOf(name: string, exposure: Exposure, where: readonly Narrowing[], by: readonly (FieldName | undefined)[]) {
    const make = () => {
      const rows = new MeasureRows(this.#exposures, exposure);
      const same = by.flatMap((field, index) => {
        const column = field && rows.column(field);
        return column === undefined ? [] : [sameCell(`${column}::text`, index)];
      });
      const sql = rows.select(this.#used, [], [...this.#conditions(rows, where), ...same]);
      return { sql, isOfCell: same.length > 0 };
    };
    return { name, make };
  }

  #groups(): string[] {
    return this.#by.map((field, index) => `${this.#rows.column(field)}::text as by${index + 1}`);
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

function sameCell(sql: string, index: number): string {
  return `${sql} is not distinct from cells.by${index + 1}`;
}

/** Expressions with aggregates alone, by one GROUP BY. HAVING makes one without an aggregate of its own one row, too. */
function grouped(context: FilterContext, expressions: readonly Expression[]): string {
  const { names } = context;
  const grouping = names.length === 0 ? 'having true' : `group by ${names.join(', ')}`;
  return `with rows as (
    ${context.all()}
),
values_found as (
    select ${[...names, ...valuesOf(expressions)].join(',\n        ')}
    from rows ${grouping}
)
select * from values_found where ${someValue(expressions)}`;
}

/**
 * Expressions that read `rows` or other relations in a subquery, cell by cell. Whether there is a value is asked of what is computed:
 * PostgreSQL would compute it once more.
 */
function overRows(context: FilterContext, expressions: readonly Expression[]): string {
  const { names, isWidened } = context;
  const relations = context.relations();
  const those = (isOfCell: boolean) => relations.filter((one) => one.isOfCell === isOfCell).map(asTable);
  const values = `select ${valuesOf(expressions).join(',\n        ')}\n    from rows having true`;
  const all = asTable({ name: 'all_rows', sql: isWidened ? context.widened() : context.all() });
  const within = isWidened ? ' where is_on_days and is_at_times' : '';
  const tables =
    names.length === 0
      ? [all, ...those(false), asTable({ name: 'values_found', sql: values })]
      : [
          all,
          ...those(false),
          asTable({ name: 'cells', sql: `select distinct ${names.join(', ')} from all_rows${within}` }),
          asTable({
            name: 'values_found',
            sql: `select ${names.map((name) => `cells.${name}`).join(', ')}, found.*
    from cells
    cross join lateral (
    with ${those(true).join(',\n    ')}
    ${values}
    ) as found`,
          }),
        ];
  return `with ${tables.join(',\n')}\nselect * from values_found where ${someValue(expressions)}`;
}

/** The relation of the rows of a table. */
function rowsOf(exposure: Exposure): string {
  return `rows_of_${modelOf(exposure)}`;
}

function asTable({ name, sql }: Pick<Relation, 'name' | 'sql'>): string {
  return `${identifier(name)} as materialized (\n    ${sql}\n)`;
}

function valuesOf(expressions: readonly Expression[]): string[] {
  return expressions.map(({ sql }, index) => `(${sql}) as value${index + 1}`);
}

function someValue(expressions: readonly Expression[]): string {
  return `num_nonnulls(${expressions.map((_, index) => `value${index + 1}`).join(', ')}) > 0`;
}

/**
 * The `sql` of a measure, with that of each other measure that it names in brackets. One of another table is computed over the rows
 * of that table in the same context.
 */
function expanded(
  name: string,
  fact: Exposure,
  exposures: readonly Exposure[],
  outer: readonly string[],
): string | Pick<NoQuery, 'reason'> {
  const measure = fact.measures.find((one) => one.name === name);
  if (measure === undefined) return { reason: `there is no measure [${name}]` };
  if (measure.sql === undefined) return { reason: `[${name}] has no \`sql\`` };
  if (outer.includes(name)) return { reason: `[${name}] needs itself: ${[...outer, name].join(' -> ')}` };
  let fault: Pick<NoQuery, 'reason'> | undefined;
  const text = measure.sql.replace(
    /'(?:[^']|'')*'|"(?:[^"]|"")*"|\[([^\]]+)\]/g,
    (whole, other: string | undefined) => {
      const owner = [fact, ...exposures].find(({ measures }) => measures.some((one) => one.name === other));
      if (other === undefined || owner === undefined) return whole;
      const inner = expanded(other, owner, exposures, [...outer, name]);
      if (typeof inner !== 'string') fault ??= inner;
      else if (owner === fact) return `(${inner})`;
      else if (/\brows_of_/.test(inner)) fault ??= { reason: `[${other}] reads more than the rows of its own table` };
      else return `(with rows as (select * from ${identifier(rowsOf(owner))}) select (${inner}) from rows having true)`;
      return whole;
    },
  );
  return fault ?? text.trim();
}

/** The names in an SQL expression, those of functions among them. */
function wordsOf(sql: string): Set<string> {
  const words = sql.matchAll(/'(?:[^']|'')*'|"((?:[^"]|"")*)"|([\p{L}_][\p{L}\p{N}_]*)/gu);
  return new Set([...words].flatMap(([, quoted, word]) => quoted?.replaceAll('""', '"') ?? word?.toLowerCase() ?? []));
}
