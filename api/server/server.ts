// The server of `datacycle serve`: reads, and nothing else.
//
//   1. server.ts   a key lets a request in (keys/), so many a minute; routes, refusals, shutdown
//   2. routes.ts   one route for each resource: parameters, ETag, rows; versions.ts: whether anything has changed
//   3. pages.ts    one page, or all of them as a stream
//   4. odata-routes.ts  the same rows by OData (../odata)
//   5. openapi.ts  what the addresses take and give, for @fastify/swagger; docs-page.ts the same for people
//   6. failure.ts  what an error is answered
//
// Without a key only /health and the documentation are answered. No answer holds SQL, an address or a secret of the server.
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { nearest } from '../../runner/text/suggest.ts';
import { securityHeaders } from '../../ui/server/headers.ts';
import { DatacycleError } from '../../warehouse/errors.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { keyIn } from '../keys/header.ts';
import { type KeyRing, type Reader, Refused } from '../keys/keys.ts';
import type { Resource } from '../resource/resource.ts';
import { docsPage, docsStyle } from './docs-page.ts';
import { failureOf } from './failure.ts';
import { addOdata, isOdata } from './odata-routes.ts';
import { failureSchema } from './openapi.ts';
import { addRoutes, type RouteOptions } from './routes.ts';
import { Versions } from './versions.ts';

export interface ApiOptions {
  /** The name of the project and of the target, for people. */
  readonly project: string;
  readonly environment: string;
  readonly resources: readonly Resource[];
  readonly keys: KeyRing;
  /** The server's own session, for the versions of relations and /health. */
  readonly warehouse: Warehouse;
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Requests a minute of one login. */
  readonly requestsPerMinute: number;
  readonly clock: () => Date;
  /** Told of errors that should not be. */
  readonly warn: (text: string) => void;
}

export interface RunningApi {
  readonly address: string;
  /** Lets answers end, streams excepted, which are broken off. */
  close(): Promise<void>;
}

/** Keys that the database is asked about, a minute and address of the network: guesses. */
const attemptsPerMinute = 30;

const open = ['/health', '/docs', '/docs/page.css', '/openapi.json'];

/** @throws DatacycleError if the port is taken. */
export async function startApi(options: ApiOptions): Promise<RunningApi> {
  const { host, port } = options;
  const stop = new AbortController();
  const app = Fastify({
    logger: false,
    bodyLimit: 1024,
    requestTimeout: 30_000,
    forceCloseConnections: 'idle',
    frameworkErrors: (error, _request, reply: FastifyReply) => {
      void reply.code(400).send({ error: { what: error.message } });
    },
  });
  app.removeAllContentTypeParsers();
  // Parameters are checked by the resource, which says more of what is wrong; answers are written as text.
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  await app.register(swagger, {
    openapi: {
      openapi: '3.0.3',
      info: { title: options.project, version: '1', description: 'Rows of the models of this project, to read.' },
      components: {
        securitySchemes: { login: { type: 'http', scheme: 'basic' }, token: { type: 'http', scheme: 'bearer' } },
      },
      security: [{ login: [] }, { token: [] }],
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, index) => String(json.$id ?? `schema-${index}`) },
  });
  app.addSchema(failureSchema);
  const readers = new WeakMap<FastifyRequest, Reader>();
  await limitRequests(app, options, readers);
  app.addHook('onSend', async (_request, reply) => {
    for (const [name, value] of Object.entries(securityHeaders)) if (!reply.hasHeader(name)) reply.header(name, value);
  });
  app.setErrorHandler((error, request, reply) => {
    const { status, what, hint } = failureOf(error);
    if (status === 401) reply.header('www-authenticate', 'Basic realm="datacycle", charset="UTF-8"');
    if (status === 500) options.warn(error instanceof Error ? error.message : String(error));
    return reply
      .code(status)
      .type('application/json; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(failureBody(request, status, what, hint));
  });
  app.setNotFoundHandler((request, reply) => notFound(options.resources, request, reply));
  addOpenRoutes(app, options);
  const routes: RouteOptions = {
    resources: options.resources,
    versions: new Versions(options.warehouse),
    stop: stop.signal,
    readerOf: (request) => {
      const reader = readers.get(request);
      if (reader === undefined) throw new Refused(401, 'There is no key.');
      return reader;
    },
  };
  addRoutes(app, routes);
  addOdata(app, routes);
  try {
    const address = await app.listen({ host, port });
    return {
      address,
      close: () => {
        stop.abort(new Error('the server stops'));
        return app.close();
      },
    };
  } catch (error) {
    await app.close();
    if (!(error instanceof Error && 'code' in error)) throw error;
    const why = error.code === 'EADDRINUSE' ? 'the port is taken' : error.message;
    throw new DatacycleError({
      what: `it cannot serve on ${host}:${port}: ${why}`,
      hint: 'Choose another port with --port, or 0 for any that is free.',
    });
  }
}

/** Lets requests in by their keys, and counts them: those of a login, and the guesses of an address. */
async function limitRequests(
  app: FastifyInstance,
  { keys, requestsPerMinute }: ApiOptions,
  readers: WeakMap<FastifyRequest, Reader>,
): Promise<void> {
  const timeWindow = 60_000;
  await app.register(rateLimit, {
    global: true,
    hook: 'preHandler',
    max: requestsPerMinute,
    timeWindow,
    keyGenerator: (request) => readers.get(request)?.name ?? `at ${request.ip}`,
    errorResponseBuilder: (_request, { after }) =>
      Object.assign(new Error(`Too many requests: ask again in ${after}.`), { statusCode: 429 }),
  });
  const attempts = app.createRateLimit({ max: attemptsPerMinute, timeWindow, keyGenerator: ({ ip }) => `guess ${ip}` });
  app.addHook('onRequest', async (request, reply) => {
    if (open.includes(request.url.split('?')[0] ?? '')) return;
    const key = keyIn(request.headers.authorization);
    if (key === undefined) throw new Refused(401, 'There is no key: send a login of the database and its password.');
    const known = keys.known(key);
    if (known === undefined) {
      const count = await attempts(request);
      if (!count.isAllowed && count.isExceeded) {
        reply.header('retry-after', count.ttlInSeconds);
        throw Object.assign(new Error('Too many keys were tried: ask again in a minute.'), { statusCode: 429 });
      }
    }
    readers.set(request, known ?? (await keys.letIn(key)));
  });
}

function addOpenRoutes(app: FastifyInstance, options: ApiOptions): void {
  const { project, environment, warehouse, clock, resources } = options;
  app.get(
    '/health',
    {
      schema: {
        summary: 'Whether the server answers, and the database',
        security: [],
        response: {
          200: { description: 'Both do', type: 'object' },
          503: { description: 'The database is away', type: 'object' },
        },
      },
    },
    async (_request, reply) => {
      const isThere = await warehouse.query('select 1').then(
        () => true,
        () => false,
      );
      const status = isThere ? 'ok' : 'database away';
      return reply
        .code(isThere ? 200 : 503)
        .send({ status, service: project, environment, time: clock().toISOString() });
    },
  );
  app.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => reply.send(app.swagger()));
  app.get('/docs', { schema: { hide: true } }, (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(docsPage(project, resources)),
  );
  app.get('/docs/page.css', { schema: { hide: true } }, (_request, reply) =>
    reply.type('text/css; charset=utf-8').send(docsStyle),
  );
}

/** As the address's clients expect errors. */
function failureBody({ url }: FastifyRequest, status: number, what: string, hint?: string): object {
  if (!isOdata(url)) return { error: { what, hint } };
  return { error: { code: String(status), message: [what, hint].filter(Boolean).join(' ') } };
}

function notFound(resources: readonly Resource[], request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = request.url.split('?')[0] ?? '';
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return reply
      .code(405)
      .header('allow', 'GET, HEAD')
      .send(failureBody(request, 405, 'Only GET is answered: nothing can be changed here.'));
  const paths = resources.map((one) => one.path);
  const near = nearest(path, [...paths, ...open]);
  const hint = near === undefined ? 'The addresses are at /docs.' : `Did you mean ${near}?`;
  return reply.code(404).send({ error: { what: `There is no address ${path.slice(0, 200)}.`, hint } });
}
