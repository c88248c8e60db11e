import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Compiled } from '../../runner/compile/compile.ts';
import type { SourceFreshness } from '../../runner/manifest/manifest.ts';
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

/** What `freshness` found of a source, by the keys of dbt's sources.json. */
export type SourceResult =
  | { readonly unique_id: string; readonly error: string; readonly status: 'runtime error' }
  | {
      readonly unique_id: string;
      readonly max_loaded_at: string;
      readonly snapshotted_at: string;
      readonly max_loaded_at_time_ago_in_s: number;
      readonly status: 'pass' | 'warn' | 'error';
      readonly criteria: SourceFreshness;
      readonly adapter_response: Readonly<Record<string, unknown>>;
      readonly timing: readonly [];
      readonly thread_id: string;
      readonly execution_time: number;
    };

export interface SourcesFound {
  readonly startedAt: Date;
  readonly invocationId: string;
  readonly results: readonly SourceResult[];
}

/** Writes target/sources.json, for `source_status:`, and returns what it holds. */
export function writeSources(
  root: string,
  { startedAt, invocationId, results }: SourcesFound,
  terminal: Terminal,
): object {
  const now = new Date();
  const file = {
    metadata: {
      dbt_schema_version: 'https://schemas.getdbt.com/dbt/sources/v3.json',
      generated_at: now.toISOString(),
      invocation_id: invocationId,
      invocation_started_at: startedAt.toISOString(),
      env: {},
    },
    results,
    elapsed_time: (now.getTime() - startedAt.getTime()) / 1000,
  };
  writeJson(root, 'sources.json', file, terminal);
  return file;
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
