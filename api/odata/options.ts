import { nearest } from '../../runner/text/suggest.ts';
import { BadRequest } from '../query/bad-request.ts';
import { readCursor } from '../query/cursor.ts';
import { mostRows } from '../query/parameters.ts';
import { shown, valueFor } from '../query/values.ts';
import type { Resource } from '../resource/resource.ts';
import { type Condition, propertyNamed, readFilter } from './filter.ts';
import type { EntitySet, Property } from './service.ts';

/** What a request asks of an entity set, checked. */
export interface AskedEntities {
  readonly condition: Condition | undefined;
  readonly properties: readonly Property[];
  /** Besides these, rows are ordered by the key. */
  readonly orderBy: readonly { readonly property: Property; readonly descending: boolean }[];
  /** Rows of this page. */
  readonly limit: number;
  /** Rows that the client still wants after this page; undefined: all. */
  readonly left: number | undefined;
  readonly skip: number;
  /** The key of the row before the first. */
  readonly after: readonly string[] | undefined;
  readonly isCounted: boolean;
}

const known = ['$select', '$filter', '$orderby', '$top', '$skip', '$count', '$skiptoken', '$format'] as const;

/** Rows of a page where `$top` wants as many: SAP Analytics Cloud takes pieces of up to so many. */
const mostWanted = 50_000;

/** Numbers are smaller than this. */
const most = 1_000_000_000;

/**
 * Reads the options of a request.
 * @throws BadRequest that says what is not understood.
 */
export function readOptions(set: EntitySet, query: Readonly<Record<string, unknown>>): AskedEntities {
  const given = new Map<string, string>();
  for (const [name, value] of Object.entries(query)) {
    // The protocol lets the sign be left out, but not other options of its own.
    const option = known.find((one) => one === name || one === `$${name}`);
    if (typeof value !== 'string') throw new BadRequest(`${shown(name)} is given more than once`);
    if (option === undefined) {
      const near = nearest(name, known);
      throw new BadRequest(
        `there is no option ${shown(name)} here`,
        near === undefined ? `These are understood: ${known.join(', ')}.` : `Did you mean ${near}?`,
      );
    }
    given.set(option, value);
  }
  const format = given.get('$format') ?? 'json';
  if (!/^(?:json|application\/json(?:;.*)?)$/.test(format))
    throw new BadRequest('$format is json here, and nothing else');
  const filter = given.get('$filter');
  const condition = filter === undefined || filter.trim() === '' ? undefined : readFilter(set, filter);
  requireConditions(set.resource, condition);
  const orderBy = orderOf(set, given.get('$orderby'));
  const token = given.get('$skiptoken');
  const top = wholeOf('$top', given.get('$top'));
  const limit = Math.min(top ?? mostRows, mostWanted);
  return {
    condition,
    properties: selectOf(set, given.get('$select')),
    orderBy,
    limit,
    left: top === undefined ? undefined : top - limit,
    skip: wholeOf('$skip', given.get('$skip')) ?? 0,
    after:
      token === undefined
        ? undefined
        : readCursor(token, set.resource.path, { filters: [], order: 'asc' }, set.keys.length),
    isCounted: valueFor('$count', { kind: 'boolean' }, given.get('$count') ?? 'false') === 'true',
  };
}

function selectOf(set: EntitySet, text: string | undefined): readonly Property[] {
  if (text === undefined || text.trim() === '' || text.trim() === '*') return set.properties;
  const wanted = text.split(',').map((name) => propertyNamed(set, name.trim(), '$select'));
  return set.properties.filter((property) => wanted.includes(property));
}

function orderOf(set: EntitySet, text: string | undefined): AskedEntities['orderBy'] {
  if (text === undefined || text.trim() === '') return [];
  const parts = text.split(',').map((part) => {
    const [name = '', direction = 'asc', ...more] = part.trim().split(/\s+/);
    if (more.length > 0 || !['asc', 'desc'].includes(direction))
      throw new BadRequest(
        `$orderby has ${shown(part.trim())}`,
        'Write a property, then asc or desc, and commas between.',
      );
    const property = propertyNamed(set, name, '$orderby');
    if (property.column.kind === 'json' || property.column.kind === 'other')
      throw new BadRequest(`$orderby: rows cannot be ordered by ${name}`);
    return { property, descending: direction === 'desc' };
  });
  if (parts.length > 10) throw new BadRequest('$orderby has more than 10 properties');
  return parts;
}

function wholeOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,10}$/.test(text) || Number(text) > most)
    throw new BadRequest(`${option} is ${shown(text)}, but must be a whole number of at most ${most}`);
  return Number(text);
}

/** What a model says has to be filtered by, or the time, in a condition that all rows must meet. */
function requireConditions({ required, time, columns }: Resource, condition: Condition | undefined): void {
  const met = new Set(columnsOf(condition));
  if (required.every((name) => met.has(name)) || (time !== undefined && met.has(time))) return;
  const missing = required.filter((name) => !met.has(name)).map((name) => columns.get(name)?.name ?? name);
  throw new BadRequest(
    `$filter has to say which ${missing.join(', ')}${time === undefined ? '' : `, or which ${time}`}`,
    'The table is too large to be read whole.',
  );
}

function columnsOf(condition: Condition | undefined): readonly string[] {
  if (condition === undefined) return [];
  switch (condition.kind) {
    case 'and':
      return condition.of.flatMap(columnsOf);
    case 'or':
    case 'not':
    case 'null':
    case 'text':
      return [];
    case 'in':
      return [condition.column.name];
    case 'compare':
      return condition.operator === 'ne' ? [] : [condition.column.name];
    default:
      return condition satisfies never;
  }
}
