import type { Exposure } from '../../runner/manifest/exposure.ts';
import { identifier } from '../../warehouse/quote.ts';
import type { FieldName } from '../model/fields.ts';
import { FilterContext, type Relation, rowsOf } from './filter-context.ts';
import { MeasureRows, type Narrowing } from './measure-rows.ts';

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
    const context = new FilterContext(exposures, fact, { by, where, used });
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
  const ofAll = relations.filter(({ cells }) => cells.length === 0).map(asTable);
  const ofCells = relations.filter(({ cells }) => cells.length > 0);
  const values = `select ${valuesOf(expressions).join(',\n        ')}\n    from rows having true`;
  const all = asTable({ name: 'all_rows', sql: isWidened ? context.widened() : context.all() });
  const within = isWidened ? ' where is_on_days and is_at_times' : '';
  const tables =
    names.length === 0
      ? [all, ...ofAll, asTable({ name: 'values_found', sql: values })]
      : [
          all,
          ...ofAll,
          asTable({ name: 'cells', sql: `select distinct ${names.join(', ')} from all_rows${within}` }),
          ...ofCells.map(gathered),
          asTable({
            name: 'values_found',
            sql: `select ${names.map((name) => `cells.${name}`).join(', ')}, found.*
    from cells
    ${ofCells.map(joined).join('\n    ')}
    cross join lateral (
    with ${ofCells.map(scattered).join(',\n    ')}
    ${values}
    ) as found`,
          }),
        ];
  return `with ${tables.join(',\n')}\nselect * from values_found where ${someValue(expressions)}`;
}

/** The rows of a relation, those of a cell in one array: to look for them in each cell would read all of them as often as there are cells. */
function gathered({ name, sql, cells }: Relation): string {
  const each = cells.join(', ');
  return asTable({
    name: `of_${name}`,
    sql: `select ${each}, array_agg(one) as list from (\n    ${sql}\n) as one group by ${each}`,
  });
}

/** The array of a cell beside it: by equalities, which PostgreSQL can hash, though a field may be NULL. */
function joined({ name, cells }: Relation): string {
  const of = identifier(`of_${name}`);
  const same = cells.flatMap((by) => [
    `coalesce(${of}.${by}, '') = coalesce(cells.${by}, '')`,
    `(${of}.${by} is null) = (cells.${by} is null)`,
  ]);
  return `left join ${of} on ${same.join(' and ')}`;
}

/** The array of a cell as rows again. */
function scattered({ name, columns }: Relation): string {
  const shape = columns.map((column) => `${identifier(column.name)} ${column.type}`).join(', ');
  return asTable({ name, sql: `select * from unnest(${identifier(`of_${name}`)}.list) as one (${shape})` });
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
