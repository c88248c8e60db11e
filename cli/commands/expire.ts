import { compiledProject } from '../../runner/cache/cache.ts';
import { retentionOf } from '../../runner/compile/settings/retention.ts';
import type { Project } from '../../runner/project/project.ts';
import { expireRows } from '../../runner/retention/expire.ts';
import { stepLines } from '../housekeeping/report.ts';
import { openToRead } from '../settings/environment.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Deletes the rows that are older than project.yml's retention says. */
export async function expire(
  project: Project,
  flags: { readonly dryRun?: boolean | undefined },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<0> {
  const compiled = await compiledProject(project);
  if (retentionOf(project, compiled.manifest.nodes).length === 0) {
    const text = 'project.yml sets no retention: every row is kept. See docs/housekeeping.md.';
    if (terminal.json) terminal.event({ type: 'notice', text });
    else terminal.say(text);
    return 0;
  }
  const dryRun = flags.dryRun === true;
  const warehouse = await openToRead(project, 'expire', 2);
  try {
    const reports = await expireRows(compiled, warehouse, { dryRun, clock: () => new Date(), signal });
    if (terminal.json) terminal.event({ type: 'housekeeping', dryRun, step: 'expire', reports });
    else terminal.lines(stepLines({ step: 'expire', reports }, dryRun));
    return 0;
  } finally {
    await warehouse.close();
  }
}
