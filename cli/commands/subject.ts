import { compiledProject } from '../../runner/cache/cache.ts';
import type { Project } from '../../runner/project/project.ts';
import { Cancelled, UsageError } from '../../runner/text/errors.ts';
import { didYouMean } from '../../runner/text/suggest.ts';
import { openToRead } from '../settings/environment.ts';
import { eraseSubject } from '../subject/erase.ts';
import { exportSubject } from '../subject/export.ts';
import { findSubject, showFindings } from '../subject/find.ts';
import { subjectNamed } from '../subject/named.ts';
import type { Terminal } from '../terminal/terminal.ts';

export interface SubjectFlags {
  readonly yes?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  readonly output?: string | undefined;
}

const subjectActions = ['find', 'export', 'erase'] as const;

/**
 * What a person may ask for: where anything of an apartment is, all of it as files, or that it be erased. Writes no log: a
 * log must not name whom it is about.
 * @returns 1 if `find` found something, or `erase` left something.
 */
export async function subject(
  project: Project,
  [action = '', id = '']: readonly string[],
  flags: SubjectFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<0 | 1> {
  const wanted = subjectActions.find((one) => one === action);
  if (wanted === undefined) {
    throw new UsageError({ what: `subject cannot "${action}"`, hint: didYouMean(action, subjectActions) });
  }
  const compiled = await compiledProject(project);
  const named = subjectNamed(project, id);
  const warehouse = await openToRead(project, `subject ${wanted}`, 2, signal);
  const cancel = () => void warehouse.cancel().catch(() => undefined);
  signal.addEventListener('abort', cancel);
  const clock = () => new Date();
  try {
    if (wanted === 'export')
      return await exportSubject(warehouse, compiled, named, terminal, { clock, signal, output: flags.output });
    if (wanted === 'erase') {
      const options = { clock, signal, yes: flags.yes === true, dryRun: flags.dryRun === true };
      return await eraseSubject(warehouse, compiled, named, terminal, options);
    }
    const findings = await findSubject(warehouse, compiled, named, terminal, signal);
    showFindings(findings, terminal);
    if (findings.length === 0) terminal.say('Nothing of it is held.', 'good');
    return findings.length === 0 ? 0 : 1;
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Cancelled({
      what: `subject ${wanted} was stopped`,
      hint: wanted === 'erase' ? 'What is done stays done, and nothing lands again: repeat it to go on.' : undefined,
      cause: error,
    });
  } finally {
    signal.removeEventListener('abort', cancel);
    await warehouse.close();
  }
}
