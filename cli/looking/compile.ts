import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FreshlyCompiled } from '../../runner/compile/compile.ts';
import type { AnalysisNode } from '../../runner/manifest/exposure-node.ts';
import { incrementalSqlOf, type ModelNode } from '../../runner/manifest/manifest.ts';
import type { TestNode } from '../../runner/manifest/test-node.ts';
import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { checkProjectMeasures } from '../bi/measure-problems.ts';
import { chosenNodes, isEverything } from '../selection/chosen-nodes.ts';
import { freshlyCompiledFor } from '../selection/compiled-for.ts';
import { deferred } from '../selection/defer.ts';
import type { RunFlags } from '../selection/run-flags.ts';
import { shownTarget, writeManifest } from '../selection/target-files.ts';
import { openToRead } from '../settings/environment.ts';
import { tellNotices } from '../terminal/notices.ts';
import type { Terminal } from '../terminal/terminal.ts';

export interface CompileFlags extends RunFlags {
  /** A query that is compiled in place of what is selected. */
  readonly inline?: string | undefined;
  /** `json`: one object for each node. */
  readonly output?: string | undefined;
}

/**
 * Writes the SQL of the selection below target/compiled; prints it when a single model is selected, and that of a query. Needs a
 * database only to defer.
 */
export async function compile(project: Project, flags: CompileFlags, terminal: Terminal): Promise<0> {
  if (flags.inline !== undefined && !isEverything(flags))
    throw new UsageError({ what: '--inline and a selection exclude each other', hint: 'Leave one of them out.' });
  const compiled = await freshlyCompiledFor(project, flags, terminal);
  tellNotices(terminal, compiled);
  checkProjectMeasures(compiled);
  if (flags.inline !== undefined) {
    const reading = await readingElsewhere(compiled, new Set(), flags);
    print({ compiled: reading.query({ path: '--inline', text: flags.inline }).text }, flags, terminal);
    return 0;
  }
  const selected = await chosenNodes(compiled, flags, terminal);
  writeManifest(compiled, terminal);
  const { manifest } = await readingElsewhere(compiled, selected, flags);
  const folder = join(project.targetFolder, 'compiled');
  rmSync(folder, { recursive: true, force: true });
  const written: Written[] = [];
  for (const id of manifest.order) {
    const node = manifest.nodes.get(id);
    const isWanted = selected.has(id) || (node?.kind === 'analysis' && (flags.select ?? []).length === 0);
    if (!isWanted || (node?.kind !== 'model' && node?.kind !== 'test' && node?.kind !== 'analysis')) continue;
    const sql = compiledOf(node);
    const base = join(folder, pathOf(node));
    write(`${base}.sql`, sql.compiled);
    if (sql.incremental !== undefined) write(`${base}.incremental.sql`, sql.incremental);
    written.push(node);
  }
  if (terminal.json) {
    for (const node of written) terminal.event({ type: 'compiled', node: node.name, kind: node.kind, file: node.file });
    return 0;
  }
  if (flags.output === 'json') {
    for (const node of written) print({ node: node.name, ...compiledOf(node) }, flags, terminal);
    return 0;
  }
  const models = written.filter((node) => node.kind === 'model');
  const [only, ...others] = models.length > 0 ? models : written;
  if (flags.select !== undefined && flags.select.length > 0 && only !== undefined && others.length === 0)
    print(compiledOf(only), flags, terminal);
  else
    terminal.say(
      `Compiled ${written.length} nodes (${models.length} models) to ${shownTarget(project, 'compiled')}.`,
      'good',
    );
  return 0;
}

type Written = ModelNode | TestNode | AnalysisNode;

/** The SQL of a node, by dbt's key; `incremental` where a model has SQL of its own for that. */
interface CompiledSql {
  readonly node?: string | undefined;
  readonly compiled: string;
  readonly incremental?: string | undefined;
}

function compiledOf(node: Written): CompiledSql {
  if (node.kind !== 'model') return { compiled: node.sql.text };
  const incremental = incrementalSqlOf(node);
  return { compiled: node.fullSql.text, ...(incremental === undefined ? {} : { incremental: incremental.text }) };
}

function print(sql: CompiledSql, { output }: CompileFlags, terminal: Terminal): void {
  if (terminal.json) terminal.event({ type: 'compiled', ...sql });
  else if (output === 'json') terminal.output(JSON.stringify(sql));
  else {
    terminal.output(sql.compiled);
    if (sql.incremental !== undefined) terminal.output(`\n-- incremental\n\n${sql.incremental}`);
  }
}

/** The project as it reads what is not chosen, with --defer. */
async function readingElsewhere(
  compiled: FreshlyCompiled,
  chosen: ReadonlySet<string>,
  flags: CompileFlags,
): Promise<FreshlyCompiled> {
  if (flags.defer !== true) return compiled;
  let warehouse: Warehouse | undefined;
  const opened = async () => {
    warehouse = await openToRead(compiled.project, 'compile', 1);
    return warehouse;
  };
  try {
    return await deferred(compiled, chosen, flags, opened);
  } finally {
    await warehouse?.close();
  }
}

/** The node's path below the folder, without its extension; a view that a .yml generates gets its own name beside it. */
function pathOf(node: Written): string {
  if (node.kind === 'test') return join('tests', node.name);
  return node.file.endsWith('.sql') ? node.file.replace(/\.sql$/, '') : join(dirname(node.file), node.name);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${text}\n`);
}
