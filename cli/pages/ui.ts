// `datacycle ui`: what the pages ask, answered from the project and its database.
//
//   ui.ts          the command: opens the project, serves until it is stopped
//   where-held.ts  has a job done by whichever process holds the embedded database
//   site.ts        the project as it is now, and its database; answers.ts: all questions by their names
//   graph.ts, node.ts  what the project's files say: the graph, one node with its SQL
//   states.ts, rows.ts, run-pages.ts, excerpt.ts  what runs recorded, and rows
//   overview.ts, source-pages.ts, improbable.ts, settings.ts, logs.ts  what `status` tells and what to do next, loads, odd readings, settings with secrets masked, logs
//
// Every answer is a value of ui/data; nothing here changes anything. Work that a button starts is in cli/jobs, what was measured over time and
// the links of residents in cli/explore.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../../runner/text/errors.ts';
import { startServer } from '../../ui/server/server.ts';
import { DatacycleError } from '../../warehouse/errors.ts';
import { residentsOf } from '../explore/residents.ts';
import type { RunCommand } from '../jobs/errands.ts';
import { JobRunner } from '../jobs/job-runner.ts';
import type { GlobalOptions } from '../settings/environment.ts';
import { numberSetting, textSetting } from '../settings/settings.ts';
import { projectRedactor } from '../terminal/journal.ts';
import { openInBrowser } from '../terminal/open-browser.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { questionsOf } from './answers.ts';
import { Site } from './site.ts';
import { whereHeld } from './where-held.ts';

export interface UiFlags extends GlobalOptions {
  readonly port?: number | undefined;
  /** False with --no-open. */
  readonly open?: boolean | undefined;
}

/** The port unless another is asked for, or this one is taken. */
const usualPort = 4400;

/**
 * Serves the pages until it is stopped. On the embedded database it holds that open, and runs commands in this process.
 * @param run runs a command line in this process.
 * While another process holds that and does not answer, the pages say so, and which one it is.
 * @throws DatacycleError if it cannot listen.
 */
export async function ui(flags: UiFlags, run: RunCommand, terminal: Terminal, signal: AbortSignal): Promise<0> {
  const site = await Site.open(flags, signal);
  const residents = residentsOf(site, signal);
  try {
    const { project } = site;
    if (site.inUse !== undefined)
      terminal.notice(
        `The embedded database is held by ${site.inUse.holder}, which does not answer: until it does or ends, the pages show what the project's files say.`,
      );
    if (site.isLate) terminal.notice('The embedded database is not open yet: what is in it is shown as soon as it is.');
    // What else is wrong, of the project's files for example, is said on the pages.
    const refresh = () =>
      residents.refresh().catch((error: unknown) => {
        if (error instanceof UsageError) throw error;
        terminal.notice(`Links of residents show nothing new: ${error instanceof Error ? error.message : error}`);
      });
    await refresh();
    const jobs = new JobRunner({
      project,
      run: whereHeld(site, run),
      flags,
      clock: () => new Date(),
      isEmbedded: !project.env.DB_URL,
      onEnd: () => {
        site.forget();
        void refresh().catch((error: unknown) => terminal.notice(String(error)));
      },
    });
    const server = await startServer({
      port: { questions: questionsOf(site), residents: residents.all, jobs, redact: projectRedactor(project) },
      folder: pagesFolder(),
      listenOn: flags.port ?? numberSetting(project, 'UI_PORT', usualPort, { least: 0, most: 65_535 }),
      hosts: (textSetting(project, 'UI_HOSTS') ?? '').split(',').flatMap((name) => name.trim() || []),
      userHeader: textSetting(project, 'UI_USER_HEADER'),
    });
    // The first page need not wait for it then; what is wrong is said there.
    void site.compiled().catch(() => undefined);
    try {
      if (terminal.json)
        terminal.event({ type: 'ui', address: server.address, residents: server.residents, pid: process.pid });
      else {
        terminal.say(`The pages of ${project.settings.name} are at`);
        terminal.say(`  ${server.address}`, 'good');
        for (const { name, address } of server.residents) {
          terminal.say(`What ${name} may see is at`);
          terminal.say(`  ${address}`, 'good');
        }
        terminal.say('Whoever has an address is let in. Ctrl+C stops them.', 'faint');
      }
      if (flags.open !== false && process.stdout.isTTY === true) openInBrowser(server.address);
      if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    } finally {
      await jobs.stop();
      await server.close();
    }
    return 0;
  } finally {
    await residents.close();
    await site.close();
  }
}

/** Where the browser part was built: dist/ui beside the program. */
export function pagesFolder(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const built = join(folder, 'dist', 'ui');
    if (existsSync(join(built, 'app.js'))) return built;
    if (dirname(folder) === folder)
      throw new DatacycleError({ what: 'the pages are not built: dist/ui is missing', hint: 'Run npm run build.' });
  }
}
