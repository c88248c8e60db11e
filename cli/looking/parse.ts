import { freshlyCompiled } from '../../runner/cache/cache.ts';
import type { Project } from '../../runner/project/project.ts';
import { count } from '../../runner/text/figures.ts';
import { writeManifestWithLineage } from '../selection/column-lineage.ts';
import { shownTarget } from '../selection/target-files.ts';
import { tellNotices } from '../terminal/notices.ts';
import type { Terminal } from '../terminal/terminal.ts';

/**
 * Reads and compiles the project and writes target/manifest.json. Needs no database.
 * @throws ProjectError with all that is wrong, each at its place.
 */
export async function parse(project: Project, terminal: Terminal): Promise<0> {
  const compiled = await freshlyCompiled(project);
  tellNotices(terminal, compiled);
  await writeManifestWithLineage(compiled, terminal);
  const nodes = compiled.manifest.nodes.size;
  if (terminal.json) terminal.event({ type: 'parsed', nodes });
  else
    terminal.say(
      `The project is sound: ${count(nodes, 'node')}. Written: ${shownTarget(project, 'manifest.json')}.`,
      'good',
    );
  return 0;
}
