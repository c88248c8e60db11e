import { identifier, identifiers, relation } from '../../warehouse/quote.ts';
import { castIn, conditionOf, type Statement } from '../query/statement.ts';
import type { Condition } from './filter.ts';
import type { AskedEntities } from './options.ts';
import type { EntitySet } from './service.ts';

type Param = (value: unknown, cast: string) => string;

/** The rows of a page, and one more where another page follows; then the columns of the key. */
export function entitiesStatement({ resource, keys }: EntitySet, asked: AskedEntities): Statement {
  const params: unknown[] = [];
  const param: Param = (value, cast) => `$${params.push(value)}::${cast}`;
  const names = [...new Set([...asked.properties, ...keys].map(({ column }) => column.name))];
  const conditions = asked.condition === undefined ? [] : [sqlOf(asked.condition, param)];
  if (asked.after !== undefined) {
    const values = resource.orderBy.map((name, at) => param(asked.after?.[at], castIn(resource, name)));
    conditions.push(`(${identifiers(resource.orderBy)}) > (${values.join(', ')})`);
  }
  // NULL comes before every value, as the protocol has it.
  const order = [
    ...asked.orderBy.map(
      ({ property, descending }) =>
        `${identifier(property.column.name)} ${descending ? 'desc nulls last' : 'asc nulls first'}`,
    ),
    ...resource.orderBy.map(identifier),
  ];
  const sql = [
    `select ${identifiers(names)}`,
    `from ${relation(resource.relation)}`,
    ...where(conditions),
    `order by ${order.join(', ')}`,
    `limit ${param(asked.limit + 1, 'bigint')}`,
    ...(asked.skip > 0 ? [`offset ${param(asked.skip, 'bigint')}`] : []),
  ];
  return { sql: sql.join('\n'), params };
}

/** How many rows meet the condition. */
export function countStatement({ resource }: EntitySet, condition: Condition | undefined): Statement {
  const params: unknown[] = [];
  const param: Param = (value, cast) => `$${params.push(value)}::${cast}`;
  const conditions = condition === undefined ? [] : [sqlOf(condition, param)];
  return {
    sql: ['select count(*) as rows', `from ${relation(resource.relation)}`, ...where(conditions)].join('\n'),
    params,
  };
}

function where(conditions: readonly string[]): readonly string[] {
  return conditions.length === 0 ? [] : [`where ${conditions.join('\n    and ')}`];
}

function sqlOf(condition: Condition, param: Param): string {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return `(${condition.of.map((one) => sqlOf(one, param)).join(` ${condition.kind} `)})`;
    case 'not':
      // A comparison with null is false in the protocol, and so its contrary is true.
      return `not coalesce(${sqlOf(condition.of, param)}, false)`;
    case 'text': {
      const column = identifier(condition.column.name);
      const name = condition.letters === undefined ? column : `${condition.letters}(${column})`;
      const value = param(condition.value, 'text');
      switch (condition.where) {
        case 'contains':
          return `position(${value} in ${name}) > 0`;
        case 'startswith':
          return `starts_with(${name}, ${value})`;
        case 'endswith':
          return `right(${name}, length(${value})) = ${value}`;
        case 'eq':
          return `${name} = ${value}`;
        default:
          return condition.where satisfies never;
      }
    }
    case 'compare':
    case 'in':
    case 'null':
      return conditionOf(condition, param);
    default:
      return condition satisfies never;
  }
}
