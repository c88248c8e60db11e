import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { serveFiles } from '../../ui/server/serve-files.ts';
import { shownTarget } from '../selection/target-files.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { docsFolder } from './page-files.ts';

const usualPort = 8080;

const types: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'app.js': 'text/javascript; charset=utf-8',
  'app.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
  'manifest.json': 'application/json; charset=utf-8',
  'catalog.json': 'application/json; charset=utf-8',
};

/**
 * `docs serve`: shows the pages that `docs generate` wrote at 127.0.0.1 until it is stopped.
 * @throws UsageError if there are none, or if they are one file, which a browser opens by itself; DatacycleError if the port is taken.
 */
export async function serveDocs(
  project: Project,
  port: number | undefined,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<0> {
  const folder = join(project.targetFolder, docsFolder);
  const index = shownTarget(project, `${docsFolder}/index.html`);
  if (!existsSync(join(folder, 'index.html')))
    throw new UsageError({ what: `there are no pages: ${index} is missing`, hint: 'Run `datacycle docs generate`.' });
  if (!existsSync(join(folder, 'app.js')))
    throw new UsageError({
      what: `${index} is all pages in one file`,
      hint: 'Open it in a browser: it needs no server.',
    });
  const files = Object.entries(types).flatMap(([name, type]) => {
    const path = join(folder, name);
    return existsSync(path)
      ? [[name === 'index.html' ? '/' : `/${name}`, { type, body: readFileSync(path) }] as const]
      : [];
  });
  const server = await serveFiles(new Map(files), port ?? usualPort);
  try {
    if (terminal.json) terminal.event({ type: 'docs', address: server.address, pid: process.pid });
    else terminal.say(`The pages are at ${server.address}. Ctrl+C stops them.`, 'good');
    if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    return 0;
  } finally {
    await server.close();
  }
}
