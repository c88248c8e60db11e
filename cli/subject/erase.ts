// A person's request: what is held of an apartment, a copy of it, or its erasure. Loaders and runner each know their part and do
// not know each other; here the parts are joined.
//
//   1. named.ts            who is meant
//   2. refuse.ts           reasons not to begin: a watcher, a seed that still names it
//   3. find.ts, files.ts   says where anything is, and searches texts and files for its names
//   4. export.ts           copies its rows, with a README
//   5. erase.ts            tombstone, rows, files, bookkeeping, vacuum, logs, and the search again
//
// erase can be stopped and repeated at any step. It is complete when the search finds nothing.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { visitLanded } from '../../loaders/erasure/landed.ts';
import { beginErasure, finishErasure } from '../../loaders/tombstones/tombstones.ts';
import { cacheFolder } from '../../runner/cache/cache.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import type { Project } from '../../runner/project/project.ts';
import { underRunLock } from '../../runner/run/run-lock.ts';
import { otherTargets } from '../../runner/state/own-bookkeeping.ts';
import { ensureState } from '../../runner/state/schema.ts';
import { eraseAuditRows, eraseNames, eraseStoredBadRows } from '../../runner/subject/bookkeeping.ts';
import { countSubjectRows, eraseRows, refreshMaterializedViews, vacuum } from '../../runner/subject/rows.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { thousands } from '../../runner/text/figures.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { roleOf } from '../init/reader-roles.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { eraseFromLog, isOwnLog, ownFolders, searchFiles } from './files.ts';
import { findSubject, showFindings } from './find.ts';
import { type NamedSubject, requestOf } from './named.ts';
import { assertMayErase } from './refuse.ts';

export interface EraseOptions {
  readonly clock: () => Date;
  readonly signal: AbortSignal;
  /** Erase without asking for confirmation. */
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
  const { subject } = named;
  if (options.dryRun) {
    showFindings(await findSubject(warehouse, compiled, named, terminal, options.signal), terminal);
    terminal.say('This is what would go; nothing was touched.', 'faint');
  }
  await assertMayErase(warehouse, manifest, project.root, subject.id);
  if (options.dryRun) return 0;
  const { ids } = await visitLanded(warehouse, requestOf(project, named, options.signal), { kind: 'count' });
  // Fails where a table is older than the project, before anything is touched.
  await countSubjectRows(warehouse, manifest, { id: subject.id, known: ids });
  if (!options.yes) await confirm(subject.id, terminal);
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
  await beginErasure(warehouse, subject, clock);
  await ensureState(warehouse);
  const say = (what: string, count: number) => {
    if (terminal.json) terminal.event({ type: 'erased', what, count });
    else if (count > 0) terminal.say(`  ${what}: ${thousands(count)}`);
  };
  begin('registry');
  // Before the rows are deleted that tell the registry's ids; the tombstone keeps them beyond a kill and later changes of the registry.
  const request = requestOf(project, named, signal);
  const { ids } = await visitLanded(warehouse, request, { kind: 'count' });
  const known = { id: subject.id, known: ids };
  begin('bad rows of failed audits');
  say('bad rows of failed audits, of everybody', await eraseAuditRows(warehouse));
  say('bad rows that tests stored, of everybody', await eraseStoredBadRows(warehouse, manifest));
  // Counted again under the lock, which also finds the existing tables.
  for (const { node, table } of await countSubjectRows(warehouse, manifest, known)) {
    begin(table);
    say(table, await eraseRows(warehouse, manifest, node, known));
  }
  begin('landed files');
  const onProgress = (place: string, count: number) => terminal.live(`erasing: ${place}, ${thousands(count)}`);
  const { counts } = await visitLanded(warehouse, { ...request, onProgress }, { kind: 'erase' });
  for (const [place, count] of Object.entries(counts)) say(place, count);
  // They are built from rows that are deleted now, some of them by loaders.
  begin('materialized views');
  await refreshMaterializedViews(warehouse, manifest);
  begin('bookkeeping');
  say('bookkeeping', await eraseNames(warehouse, manifest, words));
  begin('vacuum');
  await vacuum(warehouse, manifest);
  begin('logs');
  const { logs, target } = ownFolders(project);
  const inLogs = logs === undefined ? [] : (await searchFiles(logs, words, { signal, isOurs: isOwnLog })).named;
  for (const path of inLogs) await eraseFromLog(join(logs ?? '', path), words);
  say('logs', inLogs.length);
  begin('artifacts');
  // They can be made again.
  await rm(cacheFolder(project.targetFolder), { recursive: true, force: true });
  const artifacts = (await searchFiles(target, words, { signal })).named;
  for (const path of artifacts) await rm(join(target, path), { recursive: true, force: true });
  say('artifacts in target', artifacts.length);
  begin('search');
  const left = await findSubject(warehouse, compiled, named, terminal, signal);
  if (left.length > 0) {
    showFindings(left, terminal);
    terminal.say(
      'The erasure is not complete: docs/subjects.md says what to do about what is left. Then repeat.',
      'bad',
    );
    return 1;
  }
  begin('finish');
  await finishErasure(warehouse, subject, clock);
  const others = (await otherTargets(warehouse)).map(
    (schema) =>
      `the tables of the target that has its bookkeeping in the schema ${schema}: erase there, too, with --target`,
  );
  const toDo = [...others, ...leftToYou(project, named)];
  if (terminal.json) terminal.event({ type: 'erasure-complete', leftToYou: toDo });
  else {
    terminal.say('Erased: a search of the database, of Bronze, the logs and target finds nothing any more.', 'good');
    terminal.say(`Left to you:\n${toDo.map((one) => `  - ${one}`).join('\n')}\nThen build: datacycle build`);
  }
  return 0;
}

async function confirm(id: string, terminal: Terminal): Promise<void> {
  if (process.stdin.isTTY !== true || terminal.json) {
    throw new UsageError({
      what: 'erasing cannot be undone, and there is no terminal to ask at',
      hint: 'See with --dry-run what would go, then say --yes. Nothing was touched.',
    });
  }
  terminal.say('All its rows and files will be gone for ever.');
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await prompt.question(`Type the apartment's id to erase it: `).finally(() => prompt.close());
  if (answer.trim() !== id) throw new UsageError({ what: 'that is not its id', hint: 'Nothing was touched.' });
}

/** What no program can do for the operator once a subject is erased. */
function leftToYou(project: Project, { subject, where }: NamedSubject): readonly string[] {
  const role = roleOf(project, subject.id);
  return [
    `its line in project.yml (${where}); builds write it into target/run until you take it out, and \`datacycle clean\` empties that`,
    ...(role === undefined ? [] : [`the database role ${role}, and whoever logs in as a member of it`]),
    `exports that were written of it: exports/${subject.id}-*, or elsewhere`,
    'backups, logs of the server, the files on the share, the rows in pidb, and what Power BI has imported (docs/subjects.md)',
  ];
}
