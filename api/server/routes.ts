import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { digest } from '../../runner/manifest/digest.ts';
import { formatFor, mediaTypes } from '../answer/accept.ts';
import type { Reader } from '../keys/keys.ts';
import { BadRequest } from '../query/bad-request.ts';
import { mostRows, readParameters } from '../query/parameters.ts';
import type { Resource } from '../resource/resource.ts';
import { querySchema, responseSchema } from './openapi.ts';
import { allPages, bodyOf, nextOf, readPage } from './pages.ts';
import type { Versions } from './versions.ts';

export interface RouteOptions {
  readonly resources: readonly Resource[];
  readonly versions: Versions;
  readonly readerOf: (request: FastifyRequest) => Reader;
  /** Ends streams. */
  readonly stop: AbortSignal;
}

/** One route for each address. */
export function addRoutes(app: FastifyInstance, options: RouteOptions): void {
  for (const resource of options.resources)
    app.get(
      resource.path,
      {
        schema: {
          summary: resource.name,
          description: resource.description,
          tags: [resource.relation.schema],
          querystring: querySchema(resource),
          response: responseSchema(resource),
        },
      },
      (request, reply) => answer(resource, request, reply, options),
    );
}

async function answer(
  resource: Resource,
  request: FastifyRequest,
  reply: FastifyReply,
  { versions, readerOf, stop }: RouteOptions,
): Promise<FastifyReply> {
  const asked = readParameters(resource, request.query as Readonly<Record<string, unknown>>);
  const reader = readerOf(request);
  const format = asked.format ?? formatFor(request.headers.accept);
  if (format === undefined)
    return reply.code(406).send({
      error: {
        what: 'None of the formats of Accept can be sent.',
        hint: 'Take application/json, text/csv, application/x-ndjson or application/vnd.apache.parquet.',
      },
    });
  reply.header('vary', 'Accept, Authorization').header('cache-control', 'private, no-cache');
  const version = await versions.of(resource);
  if (version !== undefined) {
    const etag = `"${digest([version, reader.name, format, request.url]).slice(0, 32)}"`;
    reply.header('etag', etag);
    if (matches(request.headers['if-none-match'], etag)) return reply.code(304).send();
  }
  reply.type(mediaTypes[format]);
  if (asked.limit === 'all') {
    if (format === 'json')
      throw new BadRequest(
        'limit=all is for CSV, NDJSON and Parquet',
        'Add format=ndjson, or follow next from page to page.',
      );
    const first = await readPage(reader, resource, asked, asked.after, mostRows);
    return reply.send(Readable.from(allPages(reader, resource, asked, format, first, stop)));
  }
  const page = await readPage(reader, resource, asked, asked.after, asked.limit);
  const next = nextOf(resource, asked, page);
  if (next !== null) {
    const address = new URL(request.url, 'http://server');
    address.searchParams.set('cursor', next);
    reply.header('link', `<${address.pathname}${address.search}>; rel="next"`);
  }
  return reply.send(bodyOf(format, asked, page, next));
}

/** https://www.rfc-editor.org/rfc/rfc9110#name-if-none-match */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === etag);
}
