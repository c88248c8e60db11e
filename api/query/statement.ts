import { identifier, identifiers, relation } from '../../warehouse/quote.ts';
import type { Column, Resource } from '../resource/resource.ts';
import { type Asked, type Filter, operators } from './asked.ts';

/** A statement and the values of `$1` and so on. */
export interface Statement {
  readonly sql: string;
  readonly params: readonly unknown[];
}

/**
 * The rows of a page, in order, and one more where there is a next page. Its columns are those that are shown, then those of the order.
 * @param after the values of the order's columns in the row before the first; undefined for the first page.
 * @param rows of the page.
 */
export function pageStatement(
  resource: Resource,
  { filters, columns, order }: Pick<Asked, 'filters' | 'columns' | 'order'>,
  after: readonly string[] | undefined,
  rows: number,
): Statement {
  const params: unknown[] = [];
  const param = (value: unknown, cast: string) => `$${params.push(value)}::${cast}`;
  const conditions = filters.map((filter) => conditionOf(filter, param));
  if (after !== undefined) {
    const values = resource.orderBy.map((name, index) => param(after[index], castIn(resource, name)));
    conditions.push(`(${identifiers(resource.orderBy)}) ${order === 'asc' ? '>' : '<'} (${values.join(', ')})`);
  }
  const sql = [
    `select ${identifiers(selected(resource, columns))}`,
    `from ${relation(resource.relation)}`,
    ...(conditions.length === 0 ? [] : [`where ${conditions.join('\n    and ')}`]),
    `order by ${resource.orderBy.map((name) => `${identifier(name)} ${order}`).join(', ')}`,
    `limit ${param(rows + 1, 'bigint')}`,
  ];
  return { sql: sql.join('\n'), params };
}

/** The columns of a page's statement. */
function selected({ orderBy }: Resource, columns: readonly Column[]): readonly string[] {
  return [...new Set([...columns.map(({ name }) => name), ...orderBy])];
}

/** One condition as SQL. @param param gives a value its number among the parameters. */
export function conditionOf(filter: Filter, param: (value: unknown, cast: string) => string): string {
  const name = identifier(filter.column.name);
  const cast = filter.column.cast ?? 'text';
  switch (filter.kind) {
    case 'null':
      return `${name} is ${filter.isNull ? '' : 'not '}null`;
    case 'in':
      return `${name} = any(${param(filter.values, `${cast}[]`)})`;
    case 'compare':
      return `${name} ${operators[filter.operator]} ${param(filter.value, cast)}`;
    default:
      return filter satisfies never;
  }
}

/** The type to which a value of a column is cast. */
export function castIn({ columns }: Resource, name: string): string {
  return columns.get(name)?.cast ?? 'text';
}
