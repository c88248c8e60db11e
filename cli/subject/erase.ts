// A person's request: what is held of an apartment, a copy of it, or its erasure. Loaders and runner each know their part and do
// not know each other; here the parts are joined.
//
//   1. named.ts              who is meant
//   2. refuse.ts             reasons not to begin: a watcher, a seed that still names it
//   3. find.ts, files.ts     says where anything is, and searches texts and files for its names
//   4. export.ts, readme.ts  copies its rows and files
//   5. erase.ts              tombstone, rows, files, bookkeeping, vacuum, logs, and the search again
//
// erase can be stopped and repeated at any step. It is complete when the search finds nothing.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { registryIdsOf, visitLanded } from '../../loaders/erasure/landed.ts';
import { addToReport, beginErasure, finishErasure } from '../../loaders/tombstones/tombstone.ts';
import { cacheFolder } from '../../runner/cache/cache.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import { isBuilt, type Manifest } from '../../runner/manifest/manifest.ts';
import type { Project } from '../../runner/project/project.ts';
import { underRunLock } from '../../runner/run/run-lock.ts';
import { bookkeepingOf, otherTargets } from '../../runner/state/own-bookkeeping.ts';
import { ensureState } from '../../runner/state/schema.ts';
import { eraseAuditRows, forgetNames } from '../../runner/subject/bookkeeping.ts';
import { isSubjectNode } from '../../runner/subject/predicate.ts';
import { countSubjectRows, eraseRows, refreshMaterializedViews, vacuum } from '../../runner/subject/rows.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { thousands } from '../../runner/text/figures.ts';
import type { RelationName } from '../../warehouse/quote.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { roleOf } from '../init/reader-roles.ts';
import { fromRoot } from '../settings/environment.ts';
import { textSetting } from '../settings/settings.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { eraseFromLogs, removeArtifacts } from './files.ts';
import { findSubject, showFindings } from './find.ts';
import { knownBy, type NamedSubject, requestOf } from './named.ts';
import { refuseSeeded, refuseUncovered, refuseWatched } from './refuse.ts';

export interface EraseOptions {
  readonly clock: () => Date;
  readonly signal: AbortSignal;
  /** Nobody is asked. */
  readonly yes: boolean;
  readonly dryRun: boolean;
  /** Told before each step, by its name; what it throws stops the erasure there. */
  readonly onStep?: (step: string) => void;
}

/**
 * Erases everything of a subject: first it records a tombstone, so that nothing lands again; then it deletes the subject's rows,
 * downstream tables first, then what was landed, the logs and the artifacts; finally it searches for anything that is left. It can
 * be stopped at any point and repeated.
 * @returns 1 if something is left: the erasure is then not recorded as complete.
 * @throws UsageError if a precondition does not hold; RunBusyError during a run.
 */
export async function eraseSubject(
  warehouse: Warehouse,
  compiled: Compiled,
  named: NamedSubject,
  terminal: Terminal,
  options: EraseOptions,
): Promise<0 | 1> {
  const { manifest, project } = compiled;
  refuseUncovered(manifest);
  await refuseWatched(warehouse);
  if (options.dryRun) {
    showFindings(await findSubject(warehouse, compiled, named, terminal, options.signal), terminal);
    terminal.say('This is what would go; nothing was touched.', 'faint');
  }
  const known = knownBy(named, await registryIdsOf(warehouse, requestOf(project, named, options.signal)));
  await refuseSeeded(warehouse, manifest, project.root, known);
  if (options.dryRun) return 0;
  const rows = (await countSubjectRows(warehouse, manifest, known)).reduce((sum, table) => sum + table.rows, 0);
  if (!options.yes) await confirm(named.subject.id, rows, terminal);
  const busy = { what: 'a run', hint: 'Wait until it is done and try again. Nothing was touched.' };
  return underRunLock(warehouse, options.signal, busy, (signal) =>
    eraseLocked(warehouse, compiled, named, terminal, { ...options, signal }),
  );
}

async function eraseLocked(
  warehouse: Warehouse,
  compiled: Compiled,
  named: NamedSubject,
  terminal: Terminal,
  { clock, signal, onStep }: EraseOptions,
): Promise<0 | 1> {
  const { manifest, project } = compiled;
  const { subject, words } = named;
  const begin = (step: string) => {
    signal.throwIfAborted();
    onStep?.(step);
    signal.throwIfAborted();
    terminal.live(`erasing: ${step}`);
  };
  begin('tombstone');
  const tombstone = await beginErasure(warehouse, subject, clock);
  await ensureState(warehouse);
  const say = async (what: string, count: number) => {
    await addToReport(warehouse, tombstone, what, count);
    if (terminal.json) terminal.event({ type: 'erased', what, count });
    else if (count > 0) terminal.say(`  ${what}: ${thousands(count)}`);
  };
  begin('registry');
  // Before the rows are deleted that contain them; the tombstone keeps them beyond a kill and later changes of the registry.
  const request = requestOf(project, named, signal);
  const known = knownBy(named, await registryIdsOf(warehouse, request));
  begin('bad rows of failed audits');
  await say('bad rows of failed audits, of everybody', await eraseAuditRows(warehouse));
  // Counted again under the lock, which also finds the existing tables.
  for (const { node, table } of await countSubjectRows(warehouse, manifest, known)) {
    begin(table);
    await say(table, await eraseRows(warehouse, manifest, node, known));
  }
  begin('landed files');
  const onProgress = (place: string, count: number) => terminal.live(`erasing: ${place}, ${thousands(count)}`);
  const { counts } = await visitLanded(warehouse, { ...request, onProgress }, { kind: 'erase' });
  for (const [place, count] of Object.entries(counts)) await say(place, count);
  // They are built from rows that are deleted now, some of them by loaders.
  begin('materialized views');
  await refreshMaterializedViews(warehouse, manifest);
  begin('bookkeeping');
  await say('bookkeeping', await forgetNames(warehouse, manifest, words));
  begin('vacuum');
  await vacuum(warehouse, tablesToVacuum(manifest, bookkeepingOf(warehouse).schema));
  begin('logs');
  const folder = textSetting(project, 'LOG_DIR');
  if (folder !== undefined) await say('logs', await eraseFromLogs(fromRoot(project.root, folder), words, signal));
  begin('artifacts');
  rmSync(cacheFolder(project.root), { recursive: true, force: true });
  await say('artifacts in target', await removeArtifacts(join(project.root, 'target'), words, signal));
  begin('search');
  const left = await findSubject(warehouse, compiled, named, terminal, signal);
  if (left.length > 0) {
    terminal.say('Something is left, so the erasure is not complete:', 'bad');
    showFindings(left, terminal);
    terminal.say(
      'Rows and files of others that name it are left to you: correct them where they come from. Others may be called the same. What is the subject’s has to go by hand; then repeat.',
    );
    return 1;
  }
  begin('finish');
  await finishErasure(warehouse, tombstone, clock);
  const others = (await otherTargets(warehouse)).map(
    (schema) =>
      `the tables of the target that has its bookkeeping in the schema ${schema}: erase there, too, with --target`,
  );
  const toDo = [...others, ...leftToYou(project, named)];
  if (terminal.json) terminal.event({ type: 'erasure-complete', leftToYou: toDo });
  else {
    terminal.say(
      'Erased: a search of the database, of Bronze, of the logs and of target finds nothing any more.',
      'good',
    );
    terminal.say(`Left to you:\n${toDo.map((one) => `  - ${one}`).join('\n')}\nThen build: datacycle build`);
  }
  return 0;
}

/** Tables that may have lost rows. */
function tablesToVacuum({ nodes }: Manifest, bookkeeping: string): readonly RelationName[] {
  const built = [...nodes.values()].filter(isBuilt);
  const tables = built.filter((node) => isSubjectNode(node) || node.materialized === 'materialized_view');
  const inSchema = (schema: string, names: readonly string[]) => names.map((name) => ({ schema, name }));
  return [
    ...tables.map(({ relation }) => relation),
    ...inSchema('staging', ['sensor_file', 'registry_row', 'prediction', 'file', 'attempt']),
    ...inSchema(bookkeeping, ['surrogate_key', 'run_result', 'audit_row']),
  ];
}

async function confirm(id: string, rows: number, terminal: Terminal): Promise<void> {
  if (process.stdin.isTTY !== true || terminal.json) {
    throw new UsageError({
      what: 'erasing cannot be undone, and there is no terminal to ask at',
      hint: 'See with --dry-run what would go, then say --yes. Nothing was touched.',
    });
  }
  terminal.say(`${thousands(rows)} rows of tables, all files and whatever names it will be gone for ever.`);
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await prompt.question(`Type the apartment's id to erase it: `).finally(() => prompt.close());
  if (answer.trim() !== id) throw new UsageError({ what: 'that is not its id', hint: 'Nothing was touched.' });
}

/** What no program can do for the operator once a subject is erased. */
function leftToYou(project: Project, { subject, where }: NamedSubject): readonly string[] {
  const role = roleOf(project, subject.id);
  return [
    `its line in project.yml (${where})`,
    ...(role === undefined ? [] : [`the database role ${role}, and whoever logs in as a member of it`]),
    `exports that were written of it: exports/${subject.id}-*, or elsewhere`,
    'backups of the database and of Bronze',
    'deleted rows and statistics in the files of the database, if a transaction was open meanwhile or a table is empty now: vacuum',
    "the server's own logs, and the history of this shell",
    'the source files on the share and the rows in pidb',
    'copies that Power BI has imported: refresh them after the next build',
  ];
}
