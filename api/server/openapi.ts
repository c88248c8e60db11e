import { formats, operators } from '../query/asked.ts';
import { mostRows, suffixesOf, usualLimit } from '../query/parameters.ts';
import type { Kind } from '../resource/kinds.ts';
import type { Column, Resource } from '../resource/resource.ts';

/** A part of a JSON schema. */
export type Schema = Readonly<Record<string, unknown>>;

/** What the values of a column are in JSON. */
function schemaOf(kind: Kind): Schema {
  switch (kind) {
    case 'boolean':
    case 'integer':
    case 'number':
      return { type: kind };
    case 'text':
    case 'other':
      return { type: 'string' };
    case 'uuid':
    case 'date':
      return { type: 'string', format: kind };
    case 'timestamp':
    case 'timestamptz':
      return { type: 'string', format: 'date-time' };
    case 'json':
      return {};
    default:
      return kind satisfies never;
  }
}

const words: Readonly<Record<string, string>> = {
  ne: 'another value, or none',
  lt: 'less',
  lte: 'less or equal',
  gt: 'greater',
  gte: 'greater or equal',
  in: 'one of these, with commas between them',
  null: 'true: without a value; false: with one',
};

/** The parameters of an address, as OpenAPI describes them. */
export function querySchema(resource: Resource): Schema {
  const properties: Record<string, Schema> = {};
  const isRequired = (name: string) => resource.required.includes(name) && resource.time === undefined;
  for (const column of resource.columns.values()) Object.assign(properties, filtersOf(column));
  const { time } = resource;
  if (time !== undefined) {
    const schema = schemaOf(resource.columns.get(time)?.kind ?? 'timestamptz');
    properties.from = { ...schema, description: `${time} from then on` };
    properties.to = { ...schema, description: `${time} before then` };
  }
  for (const [name, column] of Object.entries(resource.only))
    properties[name] = { type: 'boolean', default: true, description: `Only rows whose ${column} is true` };
  Object.assign(properties, {
    fields: {
      type: 'string',
      description: `The columns to show, with commas between them: ${resource.shown.join(', ')}`,
    },
    order: { type: 'string', enum: ['asc', 'desc'], default: 'asc', description: `By ${resource.orderBy.join(', ')}` },
    limit: {
      type: 'string',
      pattern: '^(all|[1-9][0-9]{0,3})$',
      default: String(usualLimit),
      description: `Rows of the page, 1 to ${mostRows}; or all, as a stream of CSV, NDJSON or Parquet`,
    },
    cursor: { type: 'string', description: 'What the page before this one gave as next' },
    format: { type: 'string', enum: [...formats], description: 'In place of the header Accept' },
  });
  const required = [...resource.columns.keys()].filter(isRequired);
  return { type: 'object', properties, ...(required.length > 0 ? { required } : {}) };
}

function filtersOf(column: Column): Record<string, Schema> {
  const { name, description, kind } = column;
  const schema = schemaOf(kind);
  const found: Record<string, Schema> = {};
  for (const suffix of suffixesOf(column)) {
    if (suffix === 'eq') found[name] = { ...schema, description };
    else if (suffix === 'null') found[`${name}.null`] = { type: 'boolean', description: `${name}: ${words.null}` };
    else if (suffix in operators || suffix === 'in')
      found[`${name}.${suffix}`] = {
        ...(suffix === 'in' ? { type: 'string' } : schema),
        description: `${name}: ${words[suffix]}`,
      };
  }
  return found;
}

const text = (description: string): Schema => ({
  description,
  content: { 'application/json': { schema: { $ref: 'Failure#' } } },
});

/** What refusals say. */
export const failureSchema = {
  $id: 'Failure',
  type: 'object',
  properties: {
    error: {
      type: 'object',
      properties: { what: { type: 'string' }, hint: { type: 'string' } },
      required: ['what'],
    },
  },
  required: ['error'],
} as const;

/** What an address answers. */
export function responseSchema({ shown, columns }: Resource): Schema {
  const properties = Object.fromEntries(
    shown.map((name) => {
      const column = columns.get(name);
      return [name, { ...schemaOf(column?.kind ?? 'other'), nullable: true, description: column?.description ?? '' }];
    }),
  );
  const rows = { type: 'object', properties };
  return {
    200: {
      description: 'The rows of the page, in order. next: the cursor of the page after it, null at the end',
      content: {
        'application/json': {
          schema: {
            type: 'object',
            properties: { rows: { type: 'array', items: rows }, next: { type: 'string', nullable: true } },
            required: ['rows', 'next'],
          },
        },
        'text/csv': { schema: { type: 'string' } },
        'application/x-ndjson': { schema: { type: 'string' } },
        'application/vnd.apache.parquet': { schema: { type: 'string', format: 'binary' } },
      },
    },
    304: { description: 'Nothing has changed since the answer with the ETag of If-None-Match', type: 'null' },
    400: text('A parameter is not understood; the answer says which, and why'),
    401: text('There is no key, or it is not known'),
    403: text('The key may not read that'),
    406: text('None of the formats of Accept'),
    429: text('Too many requests'),
    503: text('The database is away, not built, or took too long'),
  };
}
