import { compiledProject } from '../../runner/cache/cache.ts';
import type { Project } from '../../runner/project/project.ts';
import { openToRead } from '../settings/environment.ts';
import { sources } from '../sources/sources.ts';
import { printStatus } from '../status/print.ts';
import { readStatus } from '../status/status.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** What is there, how fresh it is and what went wrong last. Exit code 1 if something needs a person. */
export async function status(project: Project, terminal: Terminal): Promise<0 | 1> {
  const compiled = await compiledProject(project);
  const warehouse = await openToRead(project, 'status', 1);
  try {
    const found = await readStatus(warehouse, compiled, Object.values(sources), new Date());
    if (terminal.json) terminal.event({ type: 'status', ...found });
    else printStatus(found, terminal);
    return found.problems.length > 0 ? 1 : 0;
  } finally {
    await warehouse.close();
  }
}
