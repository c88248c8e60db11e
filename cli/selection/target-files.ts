import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { cacheFolder } from '../../runner/cache/cache.ts';
import { readKept, writeKept } from '../../runner/cache/kept-file.ts';
import { writeWhole } from '../../runner/cache/whole-file.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import { isBuilt, type SourceFreshness } from '../../runner/manifest/manifest.ts';
import type { Project } from '../../runner/project/project.ts';
import type { NodeResult, RunSummary } from '../../runner/run/run-result.ts';
import { artifactMetadata, manifestFile } from '../../runner/selection/manifest-file.ts';
import { typeOf } from '../../runner/selection/selectable.ts';
import { uniqueId } from '../../runner/selection/unique-id.ts';
import { relation } from '../../warehouse/quote.ts';
import type { Terminal } from '../terminal/terminal.ts';

/**
 * Writes target/manifest.json: what a later run can be compared with by --state. One that this function has written of the same project,
 * its seeds included, stays. @returns whether it is there.
 */
export function writeManifest(compiled: Compiled, terminal: Terminal): boolean {
  const { project } = compiled;
  const path = join(project.targetFolder, 'manifest.json');
  const note = join(cacheFolder(project.targetFolder), 'manifest-of.json');
  const of = contentsOf(compiled);
  if (of !== undefined && readKept(note)?.body === noteOf(of, path)) return true;
  const file = () => manifestFile(compiled, new Date().toISOString());
  if (!writeTargetFile(project, 'manifest.json', file, terminal)) return false;
  if (of !== undefined) writeKept(note, { head: null, body: noteOf(of, path) });
  return true;
}

/** What a manifest is written of; undefined where that is not known. */
function contentsOf({ identity, manifest, project }: Compiled): string | undefined {
  if (identity === undefined) return undefined;
  const hash = createHash('sha256').update(identity);
  try {
    for (const node of manifest.nodes.values())
      if (node.kind === 'seed') hash.update(readFileSync(join(project.root, node.file)));
    return hash.digest('hex');
  } catch {
    return undefined;
  }
}

/** A file that was changed since has another time or size. */
function noteOf(contents: string, path: string): string {
  const { mtimeMs, size } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return JSON.stringify([contents, mtimeMs, size]);
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
  const file = {
    metadata: artifactMetadata('run-results/v6', new Date().toISOString(), runId),
    elapsed_time: seconds,
    args,
    results: results.map((result) => runResult(result, project.settings.name)),
  };
  writeTargetFile(project, 'run_results.json', () => file, terminal);
}

/** A result by the keys of dbt's schema, which allows no others. */
function runResult({ node, status, seconds, startedAt, message, failures }: NodeResult, project: string): object {
  return {
    unique_id: uniqueId({ id: node.id, type: typeOf(node), project }),
    status,
    timing: startedAt === undefined ? [] : [executed(startedAt, seconds)],
    // All nodes are in the hands of one thread, however many of them the database works on.
    thread_id: 'main',
    execution_time: seconds,
    adapter_response: {},
    message,
    failures: node.kind === 'test' ? failures : null,
    compiled: node.kind === 'model' || node.kind === 'test',
    // `compile` writes it to files: what only a run knows is not in it, and a value of the environment may be.
    compiled_code: null,
    relation_name: isBuilt(node) && node.materialized !== 'ephemeral' ? relation(node.relation) : null,
  };
}

function executed(startedAt: Date, seconds: number): object {
  const completed = new Date(startedAt.getTime() + seconds * 1000);
  return { name: 'execute', started_at: startedAt.toISOString(), completed_at: completed.toISOString() };
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
  project: Project,
  { startedAt, invocationId, results }: SourcesFound,
  terminal: Terminal,
): object {
  const now = new Date();
  const file = {
    metadata: {
      ...artifactMetadata('sources/v3', now.toISOString(), invocationId),
      invocation_started_at: startedAt.toISOString(),
    },
    results,
    elapsed_time: (now.getTime() - startedAt.getTime()) / 1000,
  };
  writeTargetFile(project, 'sources.json', () => file, terminal);
  return file;
}

/**
 * Writes one file of target/ as JSON. One that cannot be written is a warning, not a failure: the work itself is in the database.
 * @returns whether it is written.
 */
export function writeTargetFile(
  project: Pick<Project, 'root' | 'targetFolder'>,
  name: string,
  value: () => object,
  terminal: Terminal,
): boolean {
  try {
    writeWhole(join(project.targetFolder, name), JSON.stringify(value()));
    return true;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    terminal.errors([{ tone: 'warning', text: `Warning: ${shownTarget(project, name)} cannot be written: ${why}` }]);
    return false;
  }
}

/** A file of target/ as messages name it, e.g. `target/manifest.json`. */
export function shownTarget({ root, targetFolder }: Pick<Project, 'root' | 'targetFolder'>, name = ''): string {
  const inside = relative(root, targetFolder);
  // On Windows there is no relative path to another drive.
  const folder = inside.startsWith('..') || isAbsolute(inside) ? targetFolder : inside;
  return `${folder.replaceAll('\\', '/')}/${name}`;
}
