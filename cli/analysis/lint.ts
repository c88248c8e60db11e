import { compiledProject } from '../../runner/cache/cache.ts';
import { lint as lintProject } from '../../runner/lint/lint.ts';
import { type Project, sourceTexts } from '../../runner/project/project.ts';
import { formatProblem } from '../../runner/text/errors.ts';
import { sqlReading } from '../selection/column-lineage.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Says what of a project's SQL and .yml files breaks a rule. @returns 1 if anything does. */
export async function lint(project: Project, flags: { readonly output?: string }, terminal: Terminal): Promise<0 | 1> {
  const compiled = await compiledProject(project);
  const { findings, off, needless } = lintProject({ ...compiled, ...(await sqlReading(compiled)) });
  const exceptions = project.settings.lint?.off ?? [];
  const stale = needless.map((index) => ({
    rule: exceptions[index]?.rule ?? '',
    name: exceptions[index]?.name ?? '',
    what: `nothing breaks the rule ${exceptions[index]?.rule} here any more`,
    hint: 'Take the exception out.',
    place: project.settingsFile.place(['lint', 'off', index]),
  }));
  const all = [...findings, ...stale];
  if (terminal.json || flags.output === 'json') {
    for (const { rule, name, what, hint, place } of all)
      terminal.output(JSON.stringify({ rule, name, what, hint, ...place }));
    return all.length > 0 ? 1 : 0;
  }
  const textOf = sourceTexts(project);
  for (const { rule, what, hint, place } of all)
    terminal.output(formatProblem({ what: `${what} (${rule})`, place, hint }, textOf));
  const switchedOff = off === 0 ? '' : `; ${off} switched off in project.yml`;
  if (all.length === 0) terminal.say(`Nothing to mend${switchedOff}.`, 'good');
  else terminal.say(`${all.length} to mend${switchedOff}.`, 'bad');
  return all.length > 0 ? 1 : 0;
}
