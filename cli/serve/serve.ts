// `datacycle serve`: the models that a .yml exposes by `api`, read over HTTP until it is stopped.
//
//   1. the project is compiled, and what it exposes becomes addresses (api/resource)
//   2. keys: logins of the server that DB_URL names; on the embedded database one token
//   3. api/server answers; a signal stops it, and what is asked then ends first
//
// Nothing is changed here, and no key is printed but the token of an embedded database that was made for this start.
import { randomBytes } from 'node:crypto';
import type { KeyRing } from '../../api/keys/keys.ts';
import { Logins } from '../../api/keys/logins.ts';
import { tokenRing } from '../../api/keys/token.ts';
import { resourcesOf } from '../../api/resource/resources.ts';
import { startApi } from '../../api/server/server.ts';
import { compiledProject } from '../../runner/cache/cache.ts';
import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { type GlobalOptions, holdEmbedded, openProject, openToRead } from '../settings/environment.ts';
import { numberSetting, textSetting } from '../settings/settings.ts';
import { projectRedactor } from '../terminal/journal.ts';
import type { Terminal } from '../terminal/terminal.ts';

export interface ServeFlags extends GlobalOptions {
  readonly port?: number | undefined;
  readonly host?: string | undefined;
}

/** The port unless another is asked for. */
const usualPort = 4500;

/** Shorter tokens could be guessed. */
const shortestToken = 20;

/**
 * Serves until it is stopped.
 * @throws UsageError if the project exposes nothing; DatacycleError if it cannot listen, or another process has the embedded database.
 */
export async function serve(flags: ServeFlags, terminal: Terminal, signal: AbortSignal): Promise<0> {
  const project = await openProject(flags);
  const { manifest, exposures } = await compiledProject(project);
  const { all: resources, leftOut } = resourcesOf(manifest, exposures);
  if (resources.length === 0)
    throw new UsageError({
      what: 'no model of this project is to be read over HTTP',
      hint: 'Write `api: {}` beside the columns of a model in its .yml.',
    });
  const port = flags.port ?? numberSetting(project, 'API_PORT', usualPort, { least: 0, most: 65_535 });
  const requestsPerMinute = numberSetting(project, 'API_REQUESTS_PER_MINUTE', 3000, { least: 1, most: 10_000_000 });
  const warehouse = await openToRead(project, 'serve', 2, signal);
  const release = warehouse.kind === 'pglite' ? holdEmbedded(project, warehouse) : () => undefined;
  try {
    const { keys, token } = keysOf(project, warehouse, signal);
    const redact = projectRedactor(project);
    const server = await startApi({
      project: project.settings.name,
      environment: project.target.name,
      resources,
      keys,
      warehouse,
      host: flags.host ?? textSetting(project, 'API_HOST') ?? '127.0.0.1',
      port,
      requestsPerMinute,
      clock: () => new Date(),
      warn: (text) => terminal.errors([{ tone: 'warning', text: redact(text) }]),
    });
    try {
      if (terminal.json) terminal.event({ type: 'serve', address: server.address, pid: process.pid, token });
      else {
        terminal.say(`${resources.length} addresses of ${project.settings.name} are read at ${server.address}:`);
        for (const { path } of resources) terminal.say(`  ${path}`, 'good');
        for (const text of leftOut) terminal.say(text, 'warning');
        if (token !== undefined) terminal.say(`The key, until it stops: Authorization: Bearer ${token}`);
        terminal.say(`What they take is at ${server.address}/docs. Ctrl+C stops it.`, 'faint');
      }
      if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    } finally {
      await server.close();
      await keys.close();
    }
    return 0;
  } finally {
    release();
    await warehouse.close();
  }
}

/** @returns a token that was made for this start, where there is one. */
function keysOf(
  project: Project,
  warehouse: Warehouse,
  signal: AbortSignal,
): { readonly keys: KeyRing; readonly token?: string | undefined } {
  const url = project.env.DB_URL;
  if (url) {
    const statementSecs = numberSetting(project, 'API_STATEMENT_SECONDS', 30, { least: 1, most: 3600 });
    return { keys: new Logins({ url, statementSecs, signal }) };
  }
  const given = textSetting(project, 'API_TOKEN');
  if (given !== undefined && given.length < shortestToken)
    throw new UsageError({
      what: `API_TOKEN has ${given.length} characters; ${shortestToken} are the least`,
      hint: 'Use a long random text, or leave it out: then one is made at each start.',
    });
  const token = given ?? randomBytes(24).toString('base64url');
  return { keys: tokenRing(warehouse, token), token: given === undefined ? token : undefined };
}
