import { compiledProject, freshlyCompiled } from '../../runner/cache/cache.ts';
import type { Compiled, FreshlyCompiled } from '../../runner/compile/compile.ts';
import type { RowLimit } from '../../runner/manifest/placeholders.ts';
import type { Project } from '../../runner/project/project.ts';
import { type RowLimitFlags, rowLimitOf } from '../settings/row-limit.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** The project compiled as the flags say that it reads rows. @throws UsageError | ProjectError */
export async function compiledFor(project: Project, flags: RowLimitFlags, terminal: Terminal): Promise<Compiled> {
  const limit = await rowLimitOf(flags, new Date());
  return limit === undefined ? compiledProject(project) : limitedTo(project, limit, terminal);
}

/** The same from the files, with what only the compiler knows. @throws UsageError | ProjectError */
export async function freshlyCompiledFor(
  project: Project,
  flags: RowLimitFlags,
  terminal: Terminal,
): Promise<FreshlyCompiled> {
  const limit = await rowLimitOf(flags, new Date());
  return limit === undefined ? freshlyCompiled(project) : limitedTo(project, limit, terminal);
}

async function limitedTo(project: Project, limit: RowLimit, terminal: Terminal): Promise<FreshlyCompiled> {
  const compiled = await freshlyCompiled(project, undefined, { rowLimit: limit });
  const hasTime = [...compiled.manifest.nodes.values()].some(
    (node) =>
      (node.kind === 'source' && node.eventTime !== undefined) ||
      ((node.kind === 'model' || node.kind === 'seed') && node.config.event_time !== undefined),
  );
  if (limit.kind === 'sample' && !hasTime)
    terminal.aside('No source and no model has an event_time: with --sample all rows are read.');
  return compiled;
}
