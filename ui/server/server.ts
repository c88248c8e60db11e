// The server of the pages: one process, one person at 127.0.0.1.
//
//   1. gate.ts     whether a request may pass, before anything else looks at it; headers.ts: what every answer says
//   2. files.ts    the first page and its files, read at the start
//   3. server.ts   answers `GET /api/<question>` and starts jobs by `POST /api/jobs/<name>`
//   4. stream.ts   what the running job says, as server-sent events
//
// A resident's link is a visitor of its own: the gate lets it ask for the pages' files and a few questions, and each of those is answered
// from what the database shows to the resident's login. GET changes nothing. A refusal says why in one line. No answer holds a secret: all of them pass through the port's `redact`.
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { ConnectionError, DatacycleError } from '../../warehouse/errors.ts';
import { type Port, type Question, type Resident, residentsQuestions } from '../data/port.ts';
import { fileNames, firstPage, pageFiles } from './files.ts';
import { type GateOptions, judge, type Keys, type Visitor } from './gate.ts';
import { securityHeaders } from './headers.ts';
import { host, notServed, type RunningServer } from './listen.ts';
import { streamJobs } from './stream.ts';

export interface ServerOptions {
  readonly port: Port;
  /** Where the browser part was built. */
  readonly folder: string;
  /** The port to listen on; 0: any that is free. */
  readonly listenOn: number;
  /** Further values of the header Host that are this server: those of a reverse proxy in front of it. */
  readonly hosts?: readonly string[];
  /** The header in which a reverse proxy says who asks. */
  readonly userHeader?: string | undefined;
}

/** Who is let in: the person who runs the program, or a resident. */
interface Guest extends Visitor {
  readonly resident?: Resident;
}

/** What a resident's link may ask for. */
const residentsAddresses: ReadonlySet<string> = new Set([
  '/',
  ...fileNames.map((name) => `/${name}`),
  ...residentsQuestions.map((name) => `/api/${name}`),
]);

export interface RunningPages extends RunningServer {
  /** The address of each resident, with a token of its own. */
  readonly residents: readonly { readonly name: string; readonly address: string }[];
}

/** @throws DatacycleError if the port is taken. */
export async function startServer(options: ServerOptions): Promise<RunningPages> {
  const secret = () => randomBytes(32).toString('base64url');
  const newKeys = (): Keys => ({ token: secret(), cookie: secret(), page: secret() });
  const keys = newKeys();
  const residents = options.port.residents.map((resident) => ({
    keys: newKeys(),
    only: residentsAddresses,
    resident,
  }));
  const guests = new WeakMap<IncomingMessage, Guest>();
  let gate: GateOptions<Guest> | undefined;
  const app = Fastify({
    logger: false,
    bodyLimit: 16_384,
    requestTimeout: 30_000,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    serverFactory: (handle) =>
      createServer((request: IncomingMessage, response: ServerResponse) => {
        for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
        const guest = gate === undefined ? undefined : pass(request, response, gate);
        if (guest === undefined) return;
        guests.set(request, guest);
        handle(request, response);
      }),
    frameworkErrors: (_error, _request, reply: FastifyReply) => {
      void reply.code(400).type('text/plain').send('That is no address.\n');
    },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, app.getDefaultJsonParser('error', 'error'));
  addRoutes(app, options, guests);
  try {
    await app.listen({ host, port: options.listenOn });
  } catch (error) {
    await app.close();
    throw error instanceof Error && 'code' in error ? notServed(options.listenOn, error) : error;
  }
  const address = app.server.address();
  const listensOn = typeof address === 'object' && address !== null ? address.port : options.listenOn;
  const names = [`${host}:${listensOn}`, `localhost:${listensOn}`];
  gate = {
    visitors: [{ keys }, ...residents],
    cookieName: `datacycle-${listensOn}`,
    hosts: [...names, ...(options.hosts ?? []).map((name) => name.toLowerCase())],
    origins: [
      ...names.map((name) => `http://${name}`),
      ...(options.hosts ?? []).flatMap((name) => [`https://${name}`, `http://${name}`]),
    ],
  };
  return {
    address: `http://${host}:${listensOn}/?token=${keys.token}`,
    residents: residents.map(({ resident, keys: { token } }) => ({
      name: resident.name,
      address: `http://${host}:${listensOn}/?token=${token}`,
    })),
    listensOn,
    close: () => app.close(),
  };
}

/** Answers what may not pass, and what is let in by its token. @returns whose request goes on; undefined: it is answered. */
function pass(request: IncomingMessage, response: ServerResponse, gate: GateOptions<Guest>): Guest | undefined {
  const verdict = judge(request, gate);
  switch (verdict.kind) {
    case 'pass':
      return verdict.visitor;
    case 'enter':
      response.setHeader(
        'set-cookie',
        `${gate.cookieName}=${verdict.visitor.keys.cookie}; HttpOnly; SameSite=Strict; Path=/`,
      );
      response.writeHead(303, { location: './' });
      response.end();
      return undefined;
    case 'refuse':
      // What was not let in is not read either.
      response.writeHead(verdict.status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
      response.end(`${verdict.why}\n`);
      return undefined;
    default:
      return verdict satisfies never;
  }
}

function addRoutes(app: FastifyInstance, options: ServerOptions, guests: WeakMap<IncomingMessage, Guest>): void {
  const { port } = options;
  const guestOf = (request: FastifyRequest): Guest => {
    const guest = guests.get(request.raw);
    if (guest === undefined) throw new Error('a request passed without the gate');
    return guest;
  };
  const who = (request: FastifyRequest) => {
    const named = options.userHeader === undefined ? undefined : request.headers[options.userHeader.toLowerCase()];
    return typeof named === 'string' && named !== '' ? named.slice(0, 200) : 'local';
  };
  app.get('/', (request, reply) => {
    const { keys, resident } = guestOf(request);
    return reply.type('text/html; charset=utf-8').send(firstPage(keys.page, resident?.name));
  });
  for (const [path, file] of pageFiles(options.folder))
    app.get(path, (request, reply) => {
      const zips = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
      if (zips) reply.header('content-encoding', 'gzip');
      return reply.type(file.type).send(zips ? file.gzipped : file.plain);
    });
  for (const [name, question] of Object.entries(port.questions) as [string, Question<unknown>][])
    app.get(`/api/${name}`, async (request, reply) => {
      const given = params(request.query, question.params);
      const { resident } = guestOf(request);
      if (resident === undefined) return json(reply, port, await question.ask(given));
      // Not the owner's answer, even if the gate let the question pass.
      const own = (resident.questions as Readonly<Record<string, Question<unknown> | undefined>>)[name];
      if (own === undefined) throw new BadRequest('a link of a resident shows nothing else');
      return json(reply, port, await own.ask(given));
    });
  app.get('/api/jobs', (_request, reply) => json(reply, port, { kinds: port.jobs.kinds, jobs: port.jobs.list() }));
  app.get('/api/jobs/stream', (request, reply) => streamJobs(request, reply, port));
  app.post('/api/jobs/start', (request, reply) => {
    const { name, given } = jobAsked(request.body);
    return json(reply.code(202), port, port.jobs.start(name, given, who(request)));
  });
  app.post('/api/jobs/cancel', (request, reply) => {
    const { name } = jobAsked(request.body);
    return json(reply, port, { cancelled: port.jobs.cancel(name, who(request)) });
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).type('text/plain').send('There is no such page.\n'));
  app.setErrorHandler((error, _request, reply) => {
    const { status, body } = failure(error);
    return json(reply.code(status), port, body);
  });
}

/** The values of known parameters. @throws BadRequest for any other, and for one that is given twice. */
function params(query: unknown, known: readonly string[]): Readonly<Record<string, string>> {
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(query ?? {})) {
    if (!known.includes(name) || typeof value !== 'string' || value.includes('\0'))
      throw new BadRequest(`"${name}" is no parameter of this question, or is given twice`);
    given[name] = value;
  }
  return given;
}

function jobAsked(body: unknown): { name: string; given: Readonly<Record<string, string>> } {
  const asked = typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {};
  const name = 'name' in asked ? asked.name : undefined;
  const given = 'given' in asked ? asked.given : {};
  const isMapping = typeof given === 'object' && given !== null && !Array.isArray(given);
  if (typeof name !== 'string' || !isMapping) throw new BadRequest('a job has a name, and values of its parameters');
  const values = Object.entries(given);
  if (values.some(([, value]) => typeof value !== 'string')) throw new BadRequest('values of parameters are texts');
  return { name, given: Object.fromEntries(values) as Record<string, string> };
}

/** What was sent is not what the pages send. */
class BadRequest extends Error {}

/** Numbers of PostgreSQL may come as bigint. */
function json(reply: FastifyReply, { redact }: Port, value: unknown): FastifyReply {
  const text = JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? Number(one) : one));
  return reply.type('application/json; charset=utf-8').send(redact(text));
}

function failure(error: unknown): { status: number; body: object } {
  if (error instanceof DatacycleError) {
    const { message: what, where, detail, hint } = error;
    const status = error instanceof ConnectionError ? 503 : error.exitCode === 2 ? 422 : 500;
    return { status, body: { error: { what, where, detail, hint } } };
  }
  if (error instanceof BadRequest) return { status: 400, body: { error: { what: error.message } } };
  // Of Fastify: a body that is too long, or no JSON.
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  const what = status < 500 && error instanceof Error ? error.message : 'the program failed where it should not';
  return { status, body: { error: { what } } };
}
