import type { ExposedColumn, Exposure } from '../../runner/manifest/exposure.ts';
import { identifier, relation } from '../../warehouse/quote.ts';
import type { FieldName } from '../model/fields.ts';
import { type Relationship, relationshipsOf } from '../model/relationships.ts';

/** The values of a field that count, as text. */
export interface Narrowing {
  readonly field: FieldName;
  readonly values: readonly string[];
}

export interface MeasureQuestion {
  readonly measure: FieldName;
  /** The measure is computed for each combination of values of these. */
  readonly by: readonly FieldName[];
  readonly where: readonly Narrowing[];
}

/** One statement; its rows have `by1`, `by2`, ... (as text) and `value`, and none where the measure is NULL, as in a chart of Power BI. */
export interface MeasureQuery {
  readonly sql: string;
  readonly params: readonly (readonly string[])[];
}

/** What keeps a measure from being computed in SQL. */
export interface NoQuery {
  readonly reason: string;
}

/**
 * The SQL of a measure in a filter context. A field counts where a filter on its table reaches the measure's table over active
 * relationships; another filter changes nothing, as in Power BI.
 * @returns why there is none: no such measure, no `sql`, or a field of `by` that no relationship reaches.
 */
export function measureQuery(
  exposures: readonly Exposure[],
  { measure, by, where }: MeasureQuestion,
): MeasureQuery | NoQuery {
  const fact = exposures.find(({ name }) => name === measure.table);
  const found = fact?.measures.find(({ name }) => name === measure.name);
  if (fact === undefined || found === undefined) return { reason: `there is no measure [${measure.name}]` };
  const expression = expanded(found.name, fact, []);
  if (typeof expression !== 'string') return expression;
  const tables = reachedFrom(fact, relationshipsOf(exposures));
  const column = (field: FieldName) => {
    const index = tables.findIndex(({ exposure }) => exposure.name === field.table);
    const known = tables[index]?.exposure.columns.some(({ name }) => name === field.name);
    return known === true ? `t${index}.${identifier(field.name)}` : undefined;
  };
  const groups = by.map(column);
  const lost = by.find((_, index) => groups[index] === undefined);
  if (lost !== undefined) return { reason: `${fact.name} is not related to ${lost.table}[${lost.name}]` };
  const params: (readonly string[])[] = [];
  const conditions = where.flatMap(({ field, values }) => {
    const one = column(field);
    return one === undefined ? [] : [`${one}::text = any($${params.push(values)}::text[])`];
  });
  const used = wordsOf(expression);
  const columns = [
    ...[...columnNames(tables)].flatMap(([name, sql]) => (used.has(name) ? [`${sql} as ${identifier(name)}`] : [])),
    ...groups.map((sql, index) => `${sql}::text as by${index + 1}`),
  ];
  const context = [
    `select ${columns.length === 0 ? '1 as one' : columns.join(',\n        ')}`,
    `    from ${relation(fact.view)} as t0`,
    ...tables
      .slice(1)
      .map(({ exposure, on }, index) => `    left join ${relation(exposure.view)} as t${index + 1} on ${on}`),
    ...(conditions.length === 0 ? [] : [`    where ${conditions.join(' and ')}`]),
  ].join('\n');
  return { sql: statement(context, expression, groups.length, used.has('rows')), params };
}

/**
 * An expression with aggregates alone is computed by one GROUP BY. One that reads `rows` in a subquery is computed group by group.
 * HAVING makes an expression without an aggregate of its own one row, too.
 */
function statement(context: string, expression: string, groups: number, nested: boolean): string {
  const names = Array.from({ length: groups }, (_, index) => `by${index + 1}`);
  const list = names.map((name) => `${name}, `).join('');
  if (!nested) {
    const grouping = groups === 0 ? 'having true' : `group by ${names.join(', ')}`;
    return `with rows as (\n    ${context}\n),\nvalues_found as (\n    select ${list}(${expression}) as value from rows ${grouping}\n)\nselect ${list}value from values_found where value is not null`;
  }
  if (groups === 0)
    return `with rows as materialized (\n    ${context}\n),\nvalues_found as (\n    select (${expression}) as value from rows having true\n)\nselect value from values_found where value is not null`;
  const same = names.map((name) => `all_rows.${name} is not distinct from cells.${name}`).join(' and ');
  return `with all_rows as materialized (
    ${context}
),
cells as (
    select distinct ${names.join(', ')} from all_rows
)
select ${names.map((name) => `cells.${name}, `).join('')}found.value
from cells
cross join lateral (
    with rows as materialized (select * from all_rows where ${same})
    select (${expression}) as value from rows having true
) as found
where found.value is not null`;
}

/** The `sql` of a measure, with that of each other measure of the same table that it names in brackets. */
function expanded(name: string, fact: Exposure, outer: readonly string[]): string | NoQuery {
  const sql = fact.measures.find((one) => one.name === name)?.sql;
  if (sql === undefined) return { reason: `[${name}] has no \`sql\`` };
  if (outer.includes(name)) return { reason: `[${name}] needs itself: ${[...outer, name].join(' -> ')}` };
  let fault: NoQuery | undefined;
  const text = sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\[([^\]]+)\]/g, (whole, other: string | undefined) => {
    if (other === undefined || !fact.measures.some((one) => one.name === other)) return whole;
    const inner = expanded(other, fact, [...outer, name]);
    if (typeof inner === 'string') return `(${inner})`;
    fault ??= inner;
    return whole;
  });
  return fault ?? text.trim();
}

interface Reached {
  readonly exposure: Exposure;
  /** The condition that joins it to the table before it; empty for the first. */
  readonly on: string;
}

/** The table itself and all whose filters reach it, each after the one that it is joined to. */
function reachedFrom(fact: Exposure, relationships: readonly Relationship[]): Reached[] {
  const reached: Reached[] = [{ exposure: fact, on: '' }];
  // A list that grows while it is walked is walked to its end.
  for (const [index, { exposure }] of reached.entries()) {
    for (const { active, from, to, reference } of relationships) {
      if (!active || from !== exposure) continue;
      const on = `t${reached.length}.${identifier(reference.toColumn)} = t${index}.${identifier(reference.column)}`;
      reached.push({ exposure: to, on });
    }
  }
  return reached;
}

/**
 * What an expression may name: columns of the measure's model by their names in the model; columns of the dimensions likewise
 * where just one has that name, and always after the dimension's model (`dim_date_week`). Of a point in time the name means
 * UTC, and the name with `_local` the local time.
 */
function columnNames(tables: readonly Reached[]): Map<string, string> {
  const [fact, ...dimensions] = tables.map(({ exposure }, index) => ({
    model: exposure.model.replace(/^model\./, ''),
    columns: exposure.columns.map(
      (column) => [ownName(column, exposure), `t${index}.${identifier(column.name)}`] as const,
    ),
  }));
  const found = new Map<string, string>(fact?.columns);
  const shared = new Set<string>();
  const bare = new Map<string, string>();
  for (const { model, columns } of dimensions) {
    for (const [name, sql] of columns) {
      found.set(`${model}_${name}`, sql);
      if (bare.has(name)) shared.add(name);
      bare.set(name, sql);
    }
  }
  for (const [name, sql] of bare) if (!shared.has(name) && !found.has(name)) found.set(name, sql);
  return found;
}

function ownName(column: ExposedColumn, { columns }: Exposure): string {
  const first = columns.find(({ source }) => source === column.source);
  return first === column ? column.source : `${column.source}_local`;
}

/** The names in an SQL expression, those of functions among them. */
function wordsOf(sql: string): Set<string> {
  const words = sql.matchAll(/'(?:[^']|'')*'|"((?:[^"]|"")*)"|([\p{L}_][\p{L}\p{N}_]*)/gu);
  return new Set([...words].flatMap(([, quoted, word]) => quoted?.replaceAll('""', '"') ?? word?.toLowerCase() ?? []));
}
