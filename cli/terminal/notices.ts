import type { Compiled } from '../../runner/compile/compile.ts';
import { sourceTexts } from '../../runner/project/project.ts';
import { formatProblem, ProjectError } from '../../runner/text/errors.ts';
import { formatPlace } from '../../runner/text/place.ts';
import type { Terminal } from './terminal.ts';

/** Tells what the compiler noticed, though nothing is wrong. @throws ProjectError of it where such warnings are errors. */
export function tellNotices(terminal: Terminal, { notices, project }: Pick<Compiled, 'notices' | 'project'>): void {
  const textOf = sourceTexts(project);
  const policy = terminal.warnings?.('ProjectNotice') ?? 'warn';
  if (policy === 'silence') return;
  if (policy === 'error' && notices.length > 0) throw new ProjectError(notices, textOf);
  for (const notice of notices) {
    const { what, place, hint } = notice;
    const event = { type: 'notice', text: what, where: place && formatPlace(place), hint };
    terminal.aside(`Warning: ${formatProblem(notice, textOf)}`, event);
  }
}
