import { cpSync, existsSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { prepare } from '../../../bin/setup.mjs';
import { residentsOf } from '../../../cli/explore/residents.ts';
import { JobRunner } from '../../../cli/jobs/job-runner.ts';
import { questionsOf } from '../../../cli/pages/answers.ts';
import { Site } from '../../../cli/pages/site.ts';
import { pagesFolder } from '../../../cli/pages/ui.ts';
import { whereHeld } from '../../../cli/pages/where-held.ts';
import { runWithin } from '../../../cli/program.ts';
import { projectRedactor } from '../../../cli/terminal/journal.ts';
import { type RunningPages, startServer } from '../../../ui/server/server.ts';

/** The pages of a project as `datacycle ui` serves them, in the process of the test. */
export interface Served {
  readonly server: RunningPages;
  readonly jobs: JobRunner;
  readonly site: Site;
  /** What a browser has once it was let in. */
  readonly cookie: string;
  readonly pageKey: string;
  /** Waits until the newest job has ended, and what follows it. */
  ended(): Promise<void>;
  close(): Promise<void>;
}

// Read once: a command in this process has an environment of its own.
const { TEST_EMBEDDED_TEMPLATE: template } = process.env;

/** @param root of a project on the embedded database. */
export async function serve(root: string, hosts: readonly string[] = []): Promise<Served> {
  await prepare();
  const folder = join(root, '.datacycle', 'db');
  if (template !== undefined && !existsSync(folder)) cpSync(template, folder, { recursive: true });
  const stop = new AbortController();
  const flags = { projectDir: root };
  const site = await Site.open(flags, stop.signal);
  const { project } = site;
  const residents = residentsOf(site, stop.signal);
  await residents.refresh();
  let after: Promise<void> | undefined;
  const jobs = new JobRunner({
    project,
    run: whereHeld(site, runWithin),
    flags,
    clock: () => new Date(),
    isEmbedded: !project.env.DB_URL,
    onEnd: () => {
      site.forget();
      after = residents.refresh();
    },
  });
  const port = { questions: questionsOf(site), residents: residents.all, jobs, redact: projectRedactor(project) };
  const server = await startServer({ port, folder: pagesFolder(), listenOn: 0, hosts });
  const { cookie, pageKey } = await enter(server.listensOn, server.address);
  return {
    server,
    jobs,
    site,
    cookie,
    pageKey,
    async ended() {
      const isRunning = () => jobs.list()[0]?.state === 'running';
      while (isRunning()) await new Promise((resolve) => setTimeout(resolve, 20));
      await after;
    },
    async close() {
      await jobs.stop();
      await server.close();
      stop.abort();
      await residents.close();
      await site.close();
    },
  };
}

/** What a browser gets that opens an address with a token. */
export async function enter(port: number, address: string): Promise<{ cookie: string; pageKey: string }> {
  const { pathname, search } = new URL(address);
  const entered = await send(port, { path: pathname + search });
  const cookie = String(entered.headers['set-cookie']).split(';')[0] ?? '';
  const first = await send(port, { headers: { cookie } });
  const [, pageKey = ''] = /name="datacycle-page" content="([^"]+)"/.exec(first.body) ?? [];
  return { cookie, pageKey };
}

export interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Sends a request as it is written: fetch would correct the host and the path. */
export function send(port: number, { method = 'GET', path = '/', headers = {}, body }: Sent): Promise<Got> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
