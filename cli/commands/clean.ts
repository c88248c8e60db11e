import { existsSync, rmSync } from 'node:fs';
import type { Project } from '../../runner/project/project.ts';
import { shownTarget } from '../selection/target-files.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Removes target/: compiled SQL, manifests of earlier runs and the compile cache. Data, logs and Bronze stay. */
export function clean(project: Project, terminal: Terminal): 0 {
  const folder = project.targetFolder;
  const found = existsSync(folder);
  // A link is removed, not what it points to.
  rmSync(folder, { recursive: true, force: true });
  if (terminal.json) terminal.event({ type: 'cleaned', folder, removed: found });
  else
    terminal.say(
      found ? `Removed ${shownTarget(project)}.` : `There is no ${shownTarget(project)}: nothing to remove.`,
      'good',
    );
  return 0;
}
