import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Compiled } from '../../runner/compile/compile.ts';
import type { RunSummary } from '../../runner/run/run-result.ts';
import { manifestFile } from '../../runner/selection/manifest-file.ts';
import { typeOf } from '../../runner/selection/selectable.ts';
import { uniqueId } from '../../runner/selection/unique-id.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Writes target/manifest.json: what a later run can be compared with by --state. */
export function writeManifest(compiled: Compiled, terminal: Terminal): void {
  writeJson(compiled.project.root, 'manifest.json', manifestFile(compiled, new Date().toISOString()), terminal);
}

/**
 * Writes target/run_results.json: what became of each node, for `retry` and `result:`.
 * @param args the command, and the flags by which it can be done again.
 */
export function writeRunResults(
  { project }: Compiled,
  { runId, results, seconds }: RunSummary,
  args: Readonly<Record<string, unknown>>,
  terminal: Terminal,
): void {
  const name = project.settings.name;
  const file = {
    metadata: { generated_at: new Date().toISOString(), invocation_id: runId },
    elapsed_time: seconds,
    args,
    results: results.map(({ node, status, seconds: time, message, failures }) => ({
      unique_id: uniqueId({ id: node.id, type: typeOf(node), project: name }),
      status,
      execution_time: time,
      message,
      failures: node.kind === 'test' ? failures : null,
    })),
  };
  writeJson(project.root, 'run_results.json', file, terminal);
}

/** Whole or not at all. What cannot be written is told, and ends nothing: the work itself is in the database. */
function writeJson(root: string, name: string, value: object, terminal: Terminal): void {
  const path = join(root, 'target', name);
  const fresh = `${path}.${randomUUID()}`;
  try {
    mkdirSync(join(root, 'target'), { recursive: true });
    writeFileSync(fresh, JSON.stringify(value), { mode: 0o600 });
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    const why = error instanceof Error ? error.message : String(error);
    terminal.errors([{ tone: 'warning', text: `Warning: target/${name} cannot be written: ${why}` }]);
  }
}
