import type { Project } from '../runner/project/project.ts';
import { DatacycleError } from '../warehouse/errors.ts';
import type { Flags } from './define.ts';
import type { Journal } from './terminal/journal.ts';
import type { Terminal } from './terminal/terminal.ts';

/**
 * The project of a command line, its files read and nothing compiled. The terminal learns what becomes of warnings.
 * @throws UsageError | ProjectError
 */
export async function opened(flags: Flags, terminal: Terminal): Promise<Project> {
  const { openProject } = await import('./settings/environment.ts');
  const project = await openProject(flags);
  const { projectWarnings } = await import('./terminal/warnings.ts');
  terminal.warnings = await projectWarnings(project, flags);
  return project;
}

/** Runs a command with a log in LOG_DIR, where that is set; an error that ends the command is in the log, too. */
export async function logged(
  flags: Flags,
  file: 'datacycle-watch.log' | 'datacycle.log',
  terminal: Terminal,
  work: (project: Project, journal: Journal | undefined) => Promise<number>,
): Promise<number> {
  const project = await opened(flags, terminal);
  const { openJournal } = await import('./terminal/journal.ts');
  const journal = openJournal(project, file, {
    clock: () => new Date(),
    level: flags.logLevelFile,
    onTrouble: (text) => terminal.errors([{ tone: 'warning', text }]),
  });
  terminal.journal = journal;
  try {
    return await work(project, journal);
  } catch (error) {
    const known = error instanceof DatacycleError ? { where: error.where, hint: error.hint } : {};
    journal?.write('error', 'error', { what: error instanceof Error ? error.message : String(error), ...known });
    throw error;
  } finally {
    await journal?.close();
  }
}
