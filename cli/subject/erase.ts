// A person's request: what is held of an apartment, a copy of it, or its erasure. Loaders and runner each know their part and do
// not know each other; here the parts are joined.
//
//   1. named.ts, held.ts     who is meant, and which of its rows and files there are
//   2. refuse.ts             reasons not to begin: a watcher, a missing Bronze, a seed that still names it
//   3. find.ts, files.ts     says where anything is, and searches texts and files for its names
//   4. export.ts, readme.ts  copies its rows and files
//   5. erase.ts              tombstone, rows, files, bookkeeping, vacuum, logs, and the search again
//   6. left-to-you.ts        what a person has to do
//
// erase can be stopped and repeated at any step. It is complete when the search finds nothing.
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { eraseLanded, type LandedErased } from '../../loaders/erasure/erase-landed.ts';
import { rememberRegistryIds } from '../../loaders/erasure/known-ids.ts';
import { addToReport, beginErasure, finishErasure } from '../../loaders/tombstones/tombstone.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import { underRunLock } from '../../runner/run/run-lock.ts';
import { ensureState } from '../../runner/state/schema.ts';
import { eraseKeptRows } from '../../runner/subject/kept-rows.ts';
import { subjectNodes } from '../../runner/subject/predicate.ts';
import { materializedViews, refreshMaterializedViews } from '../../runner/subject/refresh-views.ts';
import { countSubjectRows, eraseRows, forgetState, type SubjectRows, vacuum } from '../../runner/subject/rows.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { thousands } from '../../runner/text/figures.ts';
import type { RelationName } from '../../warehouse/quote.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { fromRoot } from '../settings/environment.ts';
import { textSetting } from '../settings/settings.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { eraseFromLogs, removeArtifacts } from './files.ts';
import { findSubject, showFindings } from './find.ts';
import { knownBy, knownSubject, requestOf } from './held.ts';
import { leftToYou } from './left-to-you.ts';
import type { NamedSubject } from './named.ts';
import { refuseSeeded, refuseUncovered, refuseWatched, refuseWithoutBronze } from './refuse.ts';

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
  await refuseWithoutBronze(warehouse, project);
  if (options.dryRun) {
    showFindings(await findSubject(warehouse, compiled, named, terminal, options.signal), terminal);
    terminal.say('This is what would go; nothing was touched.', 'faint');
  }
  await refuseSeeded(warehouse, manifest, project.root, named);
  if (options.dryRun) return 0;
  const known = await knownSubject(warehouse, project, named, options.signal);
  const rows = await countSubjectRows(warehouse, manifest, known);
  if (!options.yes) await confirm(named, rows, terminal);
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
  const say = async (what: string, count: number) => {
    await addToReport(warehouse, tombstone, what, count);
    if (terminal.json) terminal.event({ type: 'erased', what, count });
    else if (count > 0) terminal.say(`  ${what}: ${thousands(count)}`);
  };
  begin('tombstone');
  const tombstone = await beginErasure(warehouse, subject, clock);
  await ensureState(warehouse);
  begin('registry');
  // Before the rows are deleted that contain them; recorded, they survive a kill and later changes of the registry.
  const request = requestOf(project, named, signal);
  const known = knownBy(named, await rememberRegistryIds(warehouse, request));
  // While the tables still say whose they are.
  begin('kept rows of failed audits');
  const kept = await eraseKeptRows(warehouse);
  await say('kept rows of failed audits, of everybody', kept);
  const tables: Record<string, number> = {};
  // Counted again under the lock, which also finds the existing tables.
  const counted = await countSubjectRows(warehouse, manifest, known);
  for (const { node } of counted) {
    const table = `${node.relation.schema}.${node.relation.name}`;
    begin(table);
    tables[table] = await eraseRows(warehouse, manifest, node, known);
    await say(table, tables[table]);
  }
  begin('landed files');
  const landed = await eraseLanded(warehouse, {
    ...request,
    onProgress: ({ part, files }) => terminal.live(`erasing: ${part}, ${thousands(files)} files`),
  });
  for (const [what, count] of landedCounts(landed)) await say(what, count);
  for (const path of landed.damaged)
    terminal.errors([
      { tone: 'warning', text: `${path} in Bronze is damaged: no row of it can be read in it; look at it` },
    ]);
  // They are built from rows that are deleted now, some of them by loaders.
  const views = materializedViews(manifest).map(({ id }) => id);
  if (views.length > 0) {
    begin('materialized views');
    await refreshMaterializedViews(warehouse, manifest);
    for (const { node, rows } of counted.filter((one) => views.includes(one.node.id))) {
      const view = `${node.relation.schema}.${node.relation.name}`;
      tables[view] = rows;
      await say(view, rows);
    }
  }
  begin('what the runner remembers');
  const remembered = await forgetState(warehouse, manifest, words);
  await say('what the runner remembers', remembered);
  begin('vacuum');
  for (const table of tablesToVacuum(compiled)) await vacuum(warehouse, table);
  begin('logs');
  const folder = textSetting(project, 'LOG_DIR');
  const logs = folder === undefined ? 0 : await eraseFromLogs(fromRoot(project.root, folder), words, signal);
  await say('logs', logs);
  begin('artifacts');
  const artifacts = await removeArtifacts(join(project.root, 'target'), words, signal);
  await say('artifacts in target', artifacts);
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
  const report = { tables, kept, landed, remembered, logs, artifacts };
  await finishErasure(warehouse, tombstone, clock);
  tell(leftToYou(project, named), terminal, report);
  return 0;
}

/** What the loaders erased, in words. */
function landedCounts({ rows, messages, bronzeFiles, snapshotRows }: LandedErased): [string, number][] {
  return [
    ...Object.entries(rows).map(([table, count]): [string, number] => [`staging.${table}`, count]),
    ['messages of loads', messages],
    ['sensor files in Bronze', bronzeFiles],
    ['rows of the registry in Bronze', snapshotRows],
  ];
}

/** Tables that lost rows here; the loaders see to theirs. */
function tablesToVacuum({ manifest }: Compiled): readonly RelationName[] {
  const runner = ['surrogate_key', 'run_result', 'audit_row'].map((name) => ({ schema: 'datacycle', name }));
  return [...[...subjectNodes(manifest), ...materializedViews(manifest)].map(({ relation }) => relation), ...runner];
}

async function confirm(named: NamedSubject, rows: readonly SubjectRows[], terminal: Terminal): Promise<void> {
  const { id } = named.subject;
  const total = rows.reduce((sum, one) => sum + one.rows, 0);
  if (process.stdin.isTTY !== true || terminal.json) {
    throw new UsageError({
      what: 'erasing cannot be undone, and there is no terminal to ask at',
      hint: 'See with --dry-run what would go, then say --yes. Nothing was touched.',
    });
  }
  terminal.say(
    `${thousands(total)} rows in ${rows.filter((one) => one.rows > 0).length} tables, all files and whatever names it will be gone for ever.`,
  );
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(`Type the apartment's id to erase it: `);
    if (answer.trim() === id) return;
  } finally {
    prompt.close();
  }
  throw new UsageError({ what: 'that is not its id', hint: 'Nothing was touched.' });
}

function tell(left: readonly string[], terminal: Terminal, report: object): void {
  if (terminal.json) {
    terminal.event({ type: 'erasure-complete', ...report, leftToYou: left });
    return;
  }
  terminal.say(
    'Erased: a search of the database, of Bronze, of the logs and of target finds nothing any more.',
    'good',
  );
  terminal.say(`Left to you:\n${left.map((one) => `  - ${one}`).join('\n')}\nThen build: datacycle build`);
}
