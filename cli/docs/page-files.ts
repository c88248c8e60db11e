import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Compiled } from '../../runner/compile/compile.ts';
import type { Embedded } from '../../ui/data/port.ts';
import { fileNames, filePage } from '../../ui/server/files.ts';
import { graphOf } from '../pages/graph.ts';
import { detailOf } from '../pages/node.ts';
import { pagesFolder } from '../pages/ui.ts';
import { lineageOf } from '../selection/column-lineage.ts';
import { shownTarget } from '../selection/target-files.ts';
import { projectRedactor } from '../terminal/journal.ts';

/** Below target/. */
export const docsFolder = 'docs';

/**
 * Writes the pages Lineage and Models to target/docs as files that need no server, with manifest.json and catalog.json beside them,
 * or all in one file. No secret of the settings is in them.
 * @returns the first page, as messages name it.
 * @throws ProjectError for SQL that cannot be parsed.
 */
export async function writePages(compiled: Compiled, isSingleFile: boolean): Promise<string> {
  const { project } = compiled;
  const folder = join(project.targetFolder, docsFolder);
  const built = pagesFolder();
  const answers = projectRedactor(project)(JSON.stringify(await embeddedOf(compiled)));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'index.html'), filePage(answers, isSingleFile ? built : undefined));
  if (!isSingleFile) {
    for (const name of fileNames) copyFileSync(join(built, name), join(folder, name));
    for (const name of ['manifest.json', 'catalog.json']) {
      const made = join(project.targetFolder, name);
      if (existsSync(made)) copyFileSync(made, join(folder, name));
    }
  }
  return shownTarget(project, `${docsFolder}/index.html`);
}

/** What the pages have in them. */
async function embeddedOf(compiled: Compiled): Promise<Embedded> {
  const { manifest, project } = compiled;
  return {
    about: {
      project: project.settings.name,
      target: project.target.name,
      database: '',
      isEmbedded: false,
      version: '0.1.0',
      sources: [],
    },
    graph: { ...graphOf(compiled, false), problem: null },
    columns: { lineage: await lineageOf(compiled) },
    nodes: Object.fromEntries([...manifest.nodes.values()].map((node) => [node.id, detailOf(compiled, node)])),
  };
}
