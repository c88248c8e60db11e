// From the parameters of a request to one statement. Pure.
//
//   1. parameters.ts  which parameters an address has, and what a request says by them; asked.ts: what comes of it
//   2. values.ts      checks one value by the kind of its column
//   3. cursor.ts      where a page ended, as an opaque text
//   4. statement.ts   the SQL: names quoted by warehouse/, values as parameters, pages by comparing the key as a row
//
// Whatever is not understood is refused with a reason (bad-request.ts); nothing is left out silently.
import { nearest } from '../../runner/text/suggest.ts';
import type { Column, Resource } from '../resource/resource.ts';
import { type Asked, type Filter, formats, operators } from './asked.ts';
import { BadRequest } from './bad-request.ts';
import { readCursor } from './cursor.ts';
import { shown, valueFor } from './values.ts';

/** Rows of a page, unless a request says otherwise, and at most. */
export const usualLimit = 100;
export const mostRows = 1000;

/** Values of one `in`. */
const mostValues = 100;

/** Parameters with a meaning of their own; a column of such a name is filtered by `<name>.eq`. */
const controls = ['limit', 'cursor', 'order', 'fields', 'format'] as const;

/** What may follow the name of a column and a dot. */
export const suffixes = [...(Object.keys(operators) as (keyof typeof operators)[]), 'in', 'null'] as const;
type Suffix = (typeof suffixes)[number];

/** The suffixes that make sense for a column. */
export function suffixesOf({ kind, cast }: Column): readonly Suffix[] {
  if (cast === undefined) return ['null'];
  return kind === 'boolean' ? ['eq', 'ne', 'null'] : suffixes;
}

/** Parameters of an address that are no columns. */
export function ownParameters(resource: Resource): readonly string[] {
  return [...controls, ...(resource.time === undefined ? [] : ['from', 'to']), ...Object.keys(resource.only)];
}

/**
 * What a request asks for. @param query as it is parsed: a name that is given twice has a list.
 * @throws BadRequest that says what is wrong and, of a misspelt name, what is near.
 */
export function readParameters(resource: Resource, query: Readonly<Record<string, unknown>>): Asked {
  const given = new Map<string, string>();
  for (const [name, value] of Object.entries(query)) {
    if (typeof value !== 'string') throw new BadRequest(`${shown(name)} is given more than once`);
    given.set(name, value);
  }
  const own = ownParameters(resource);
  const filters: Filter[] = [];
  for (const [name, value] of given) if (!own.includes(name)) filters.push(filterOf(resource, name, value));
  const times = timesOf(resource, given);
  requireFilters(resource, filters, times.length);
  filters.push(...times);
  for (const [parameter, source] of Object.entries(resource.only)) {
    const column = columnOf(resource, source);
    const isOnly = valueFor(parameter, { kind: 'boolean' }, given.get(parameter) ?? 'true') === 'true';
    if (isOnly) filters.push({ kind: 'compare', column, operator: 'eq', value: 'true' });
  }
  const order = oneOf('order', given.get('order') ?? 'asc', ['asc', 'desc'] as const);
  const format = given.get('format');
  const cursor = given.get('cursor');
  return {
    filters,
    columns: fieldsOf(resource, given.get('fields')),
    limit: limitOf(given.get('limit')),
    order,
    after:
      cursor === undefined ? undefined : readCursor(cursor, resource.path, { filters, order }, resource.orderBy.length),
    format: format === undefined ? undefined : oneOf('format', format, formats),
  };
}

function filterOf(resource: Resource, name: string, value: string): Filter {
  const dot = name.lastIndexOf('.');
  const whole = resource.columns.get(name);
  const suffix = whole === undefined && dot > 0 ? name.slice(dot + 1) : 'eq';
  const column = whole ?? resource.columns.get(dot > 0 ? name.slice(0, dot) : name);
  if (column === undefined) throw unknown(resource, name);
  const known = suffixesOf(column);
  const operator = known.find((one) => one === suffix);
  if (operator === undefined)
    throw new BadRequest(
      `${shown(name)}: ${column.name} cannot be filtered by "${suffix}"`,
      known.length === 0 ? undefined : `Possible here: ${known.map((one) => `${column.name}.${one}`).join(', ')}.`,
    );
  if (operator === 'null')
    return { kind: 'null', column, isNull: valueFor(name, { kind: 'boolean' }, value) === 'true' };
  if (operator !== 'in') return { kind: 'compare', column, operator, value: valueFor(name, column, value) };
  const values = value.split(',');
  if (values.length > mostValues)
    throw new BadRequest(`${name} has ${values.length} values; at most ${mostValues} are taken`);
  return { kind: 'in', column, values: values.map((one) => valueFor(name, column, one)) };
}

function unknown(resource: Resource, name: string): BadRequest {
  const filters = [...resource.columns.values()].flatMap((column) => [
    column.name,
    ...suffixesOf(column).map((suffix) => `${column.name}.${suffix}`),
  ]);
  const near = nearest(name, [...ownParameters(resource), ...filters]);
  return new BadRequest(
    `there is no parameter ${shown(name)}`,
    near === undefined
      ? `Parameters here: ${[...ownParameters(resource), ...resource.columns.keys()].join(', ')}.`
      : `Did you mean "${near}"?`,
  );
}

/** The conditions of `from` (included) and `to` (not included). */
function timesOf(resource: Resource, given: ReadonlyMap<string, string>): Filter[] {
  if (resource.time === undefined) return [];
  const column = columnOf(resource, resource.time);
  const limit = (name: 'from' | 'to', operator: 'gte' | 'lt'): Filter[] => {
    const text = given.get(name);
    return text === undefined ? [] : [{ kind: 'compare', column, operator, value: valueFor(name, column, text) }];
  };
  return [...limit('from', 'gte'), ...limit('to', 'lt')];
}

function requireFilters({ required, time }: Resource, filters: readonly Filter[], times: number): void {
  if (times === 2) return;
  for (const name of required) {
    if (filters.some(({ column, kind }) => column.name === name && kind !== 'null')) continue;
    throw new BadRequest(
      `${name} is required${time === undefined ? '' : ', unless both from and to are given'}`,
      `Filter by it: ${name}=...`,
    );
  }
}

function fieldsOf(resource: Resource, text: string | undefined): readonly Column[] {
  if (text === undefined) return resource.shown.map((name) => columnOf(resource, name));
  const names = text.split(',');
  return names.map((name, index) => {
    if (names.indexOf(name) !== index) throw new BadRequest(`fields names ${shown(name)} twice`);
    if (resource.shown.includes(name)) return columnOf(resource, name);
    const near = nearest(name, resource.shown);
    throw new BadRequest(
      `fields: there is no column ${shown(name)}`,
      near === undefined ? `Columns here: ${resource.shown.join(', ')}.` : `Did you mean "${near}"?`,
    );
  });
}

function limitOf(text = String(usualLimit)): number | 'all' {
  if (text === 'all') return text;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= mostRows) return limit;
  throw new BadRequest(`limit is ${shown(text)}, but must be a whole number from 1 to ${mostRows}, or all`);
}

function oneOf<T extends string>(name: string, text: string, known: readonly T[]): T {
  const found = known.find((one) => one === text);
  if (found !== undefined) return found;
  throw new BadRequest(`${name} is ${shown(text)}, but must be one of ${known.join(', ')}`);
}

function columnOf({ columns, path }: Resource, name: string): Column {
  const column = columns.get(name);
  if (column === undefined) throw new Error(`${path} has no column ${name}`);
  return column;
}
