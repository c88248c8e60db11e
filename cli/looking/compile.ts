import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freshlyCompiled } from '../../runner/cache/cache.ts';
import { incrementalSqlOf, type Node } from '../../runner/manifest/manifest.ts';
import type { Project } from '../../runner/project/project.ts';
import { checkProjectMeasures } from '../bi/measure-problems.ts';
import { chosenNodes } from '../selection/chosen-nodes.ts';
import type { RunFlags } from '../selection/run-flags.ts';
import { writeManifest } from '../selection/target-files.ts';
import { tellNotices } from '../terminal/notices.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Writes the SQL of the selection below target/compiled; prints it when a single model is selected. Needs no database. */
export async function compile(project: Project, flags: RunFlags, terminal: Terminal): Promise<0> {
  const compiled = await freshlyCompiled(project);
  tellNotices(terminal, compiled);
  checkProjectMeasures(compiled);
  const { manifest } = compiled;
  const selected = await chosenNodes(compiled, flags, terminal);
  writeManifest(compiled, terminal);
  const folder = join(project.root, 'target', 'compiled');
  rmSync(folder, { recursive: true, force: true });
  const written: Node[] = [];
  for (const id of manifest.order) {
    const node = manifest.nodes.get(id);
    const isWanted = selected.has(id) || (node?.kind === 'analysis' && (flags.select ?? []).length === 0);
    if (node === undefined || !isWanted) continue;
    const base = join(folder, pathOf(node));
    if (node.kind === 'model') {
      write(`${base}.sql`, node.fullSql.text);
      const incremental = incrementalSqlOf(node);
      if (incremental !== undefined) write(`${base}.incremental.sql`, incremental.text);
    } else if (node.kind === 'test' || node.kind === 'analysis') {
      write(`${base}.sql`, node.sql.text);
    } else {
      continue;
    }
    written.push(node);
  }
  if (terminal.json) {
    for (const node of written) terminal.event({ type: 'compiled', node: node.name, kind: node.kind, file: node.file });
    return 0;
  }
  const models = written.filter((node) => node.kind === 'model');
  const [only, ...others] = models.length > 0 ? models : written;
  if (flags.select !== undefined && flags.select.length > 0 && only !== undefined && others.length === 0) {
    if (only.kind === 'model') {
      terminal.output(only.fullSql.text);
      const incremental = incrementalSqlOf(only);
      if (incremental !== undefined) terminal.output(`\n-- incremental\n\n${incremental.text}`);
    } else if (only.kind === 'test') {
      terminal.output(only.sql.text);
    }
    return 0;
  }
  terminal.say(`Compiled ${written.length} nodes (${models.length} models) to target/compiled.`, 'good');
  return 0;
}

/** The model's path below the folder, without its extension; a view that a .yml generates gets its own name beside it. */
function pathOf(node: Node): string {
  if (node.kind === 'test') return join('tests', node.name);
  return node.file.endsWith('.sql') ? node.file.replace(/\.sql$/, '') : join(dirname(node.file), node.name);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${text}\n`);
}
