import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { nearest } from '../../runner/text/suggest.ts';
import type { Reader } from '../keys/keys.ts';
import { entitiesBody, entityOf, serviceDocument, wantsTexts } from '../odata/answer.ts';
import { keyCondition } from '../odata/key.ts';
import { metadataOf } from '../odata/metadata.ts';
import { type AskedEntities, readOptions } from '../odata/options.ts';
import { type EntitySet, entitySets } from '../odata/service.ts';
import { countStatement, entitiesStatement } from '../odata/statement.ts';
import { BadRequest } from '../query/bad-request.ts';
import { cursorOf } from '../query/cursor.ts';
import type { RouteOptions } from './routes.ts';

/** Where the service begins. */
export const odataRoot = '/odata';

const json = 'application/json;odata.metadata=minimal;charset=utf-8';
const jsonWithTexts = 'application/json;odata.metadata=minimal;IEEE754Compatible=true;charset=utf-8';

/** Whether an address is of the service. */
export function isOdata(url: string): boolean {
  return url === odataRoot || url.startsWith(`${odataRoot}/`) || url.startsWith(`${odataRoot}?`);
}

/** The addresses of the service: its document, `$metadata`, entity sets, one entity by its key, and `/$count`. */
export function addOdata(app: FastifyInstance, options: RouteOptions): void {
  const sets = entitySets(options.resources);
  const metadata = metadataOf(sets);
  const handle = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    reply
      .header('odata-version', '4.0')
      .header('cache-control', 'private, no-cache')
      .header('vary', 'Accept, Authorization');
    const reader = options.readerOf(request);
    const path = decodeURIComponent(request.url.split('?')[0] ?? '').slice(odataRoot.length + 1);
    const root = rootFor(request);
    if (path === '') return reply.type(json).send(serviceDocument(root, sets));
    if (path === '$metadata') return reply.type('application/xml; charset=utf-8').send(metadata);
    const [, name = '', key, count] = /^([^/(]+)(?:\((.*)\))?(\/\$count)?$/s.exec(path) ?? [];
    const set = sets.find((one) => one.name === name);
    if (set === undefined) {
      const near = nearest(
        name,
        sets.map((one) => one.name),
      );
      const hint = near === undefined ? `They are listed at ${odataRoot}/.` : `Did you mean ${near}?`;
      throw Object.assign(new Error(`There is no entity set ${name.slice(0, 100)}. ${hint}`), { statusCode: 404 });
    }
    const query = request.query as Readonly<Record<string, unknown>>;
    if (key !== undefined) return entity(reader, set, key, request, root, reply);
    const asked = readOptions(set, query);
    if (count !== undefined) return reply.type('text/plain; charset=utf-8').send(await counted(reader, set, asked));
    return page(reader, set, asked, request, root, reply);
  };
  app.get(odataRoot, { schema: { hide: true } }, handle);
  app.get(`${odataRoot}/*`, { schema: { hide: true } }, handle);
}

/**
 * The address of the service as the client knows it. A proxy says it by the usual headers; who sends them without one gets links that are
 * wrong for itself alone, since no answer is kept for others.
 */
function rootFor({ headers, protocol, host }: FastifyRequest): string {
  const forwarded = (name: string) =>
    String(headers[name] ?? '')
      .split(',')[0]
      ?.trim() ?? '';
  const said = forwarded('x-forwarded-host');
  const scheme = /^https?$/.test(forwarded('x-forwarded-proto')) ? forwarded('x-forwarded-proto') : protocol;
  return `${scheme}://${/^[\w.-]+(?::\d+)?$|^\[[\da-f:]+\](?::\d+)?$/i.test(said) ? said : host}${odataRoot}/`;
}

/** Whether the client wants long numbers as texts, and the media type that says so. */
function formFor({ headers, query }: FastifyRequest): { readonly asTexts: boolean; readonly type: string } {
  const { $format, format } = query as Readonly<Record<string, unknown>>;
  const asTexts = wantsTexts([headers.accept, $format, format].filter(Boolean).join(','));
  return { asTexts, type: asTexts ? jsonWithTexts : json };
}

async function page(
  reader: Reader,
  set: EntitySet,
  asked: AskedEntities,
  request: FastifyRequest,
  root: string,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { sql, params } = entitiesStatement(set, asked);
  const { rows } = await reader.query(sql, params);
  const count = asked.isCounted ? await counted(reader, set, asked) : undefined;
  const shown = rows.slice(0, asked.limit);
  const last = rows.length > asked.limit && asked.left !== 0 ? shown.at(-1) : undefined;
  let next: string | undefined;
  if (last !== undefined) {
    const address = new URL(request.url, root);
    for (const option of ['$skip', 'skip', '$top', 'top', '$skiptoken', 'skiptoken', '$count', 'count'])
      address.searchParams.delete(option);
    if (asked.left !== undefined) address.searchParams.set('$top', String(asked.left));
    // By the key, which is as quick at the end as at the beginning, where the client asks for no other order.
    if (asked.orderBy.length > 0) address.searchParams.set('$skip', String(asked.skip + asked.limit));
    else {
      const values = set.resource.orderBy.map((name) => String(last[name]));
      address.searchParams.set('$skiptoken', cursorOf(set.resource.path, { filters: [], order: 'asc' }, values));
    }
    next = address.href;
  }
  const selected = asked.properties === set.properties ? '' : `(${asked.properties.map(({ name }) => name).join(',')})`;
  const context = `${root}$metadata#${set.name}${selected}`;
  const { asTexts, type } = formFor(request);
  return reply.type(type).send(entitiesBody(context, asked.properties, shown, count, next, asTexts));
}

async function counted(reader: Reader, set: EntitySet, { condition }: AskedEntities): Promise<string> {
  const { sql, params } = countStatement(set, condition);
  const { rows } = await reader.query(sql, params);
  return String(rows[0]?.rows ?? '0');
}

async function entity(
  reader: Reader,
  set: EntitySet,
  key: string,
  request: FastifyRequest,
  root: string,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const query = request.query as Readonly<Record<string, unknown>>;
  const others = Object.keys(query).filter((name) => !['$select', 'select', '$format', 'format'].includes(name));
  if (others.length > 0) throw new BadRequest('one entity takes $select only');
  const condition = keyCondition(set, key);
  // What the model wants filtered by needs no other condition: the key is one row.
  const { properties } = readOptions({ ...set, resource: { ...set.resource, required: [] } }, query);
  const asked = { condition, properties, orderBy: [], limit: 1, left: 0, skip: 0, after: undefined, isCounted: false };
  const { sql, params } = entitiesStatement(set, asked);
  const { rows } = await reader.query(sql, params);
  const [row] = rows;
  if (row === undefined) throw Object.assign(new Error(`${set.name} has no such entity.`), { statusCode: 404 });
  const context = JSON.stringify(`${root}$metadata#${set.name}/$entity`);
  const { asTexts, type } = formFor(request);
  return reply.type(type).send(`{"@odata.context":${context},${entityOf(properties, row, asTexts).slice(1)}\n`);
}
