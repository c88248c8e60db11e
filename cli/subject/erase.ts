import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { type ErasedCounts, eraseLanded } from '../../loaders/erasure/erase-landed.ts';
import { rememberRegistryIds } from '../../loaders/erasure/known-ids.ts';
import { addToReport, beginErasure, finishErasure } from '../../loaders/tombstones/tombstone.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import { underRunLock } from '../../runner/run/run-lock.ts';
import { ensureState } from '../../runner/state/schema.ts';
import { countSubjectRows, eraseRows, type SubjectRows, scrubState } from '../../runner/subject/erase.ts';
import { eraseKeptRows } from '../../runner/subject/kept-rows.ts';
import { subjectNodes } from '../../runner/subject/predicate.ts';
import { materializedViews, refreshMaterializedViews } from '../../runner/subject/refresh-views.ts';
import { removeNames } from '../../runner/subject/scrub.ts';
import { type Remains, vacuum } from '../../runner/subject/vacuum.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { thousands } from '../../runner/text/figures.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { bronzeRoot, fromRoot } from '../settings/environment.ts';
import { apartmentsOf, textSetting } from '../settings/settings.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { eraseFromLogs, removeArtifacts } from './erase-files.ts';
import { findSubject, showFindings } from './find.ts';
import { knownBy, knownSubject, nameRemoval } from './known.ts';
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
 * Erases everything of a subject: first a tombstone, so that nothing lands again; then its rows, what people see before what
 * is behind it; then what was landed, the logs and the artifacts; and looks whether anything is left. Repeated after it was
 * stopped anywhere, it goes on.
 * @returns 1 if something is left: the erasure is then not recorded as complete.
 * @throws UsageError if something speaks against beginning; RunBusyError while a run goes on.
 */
export async function eraseSubject(
  warehouse: Warehouse,
  compiled: Compiled,
  named: NamedSubject,
  terminal: Terminal,
  options: EraseOptions,
): Promise<0 | 1> {
  const { manifest, context } = compiled;
  refuseUncovered(manifest);
  await refuseWatched(warehouse);
  await refuseWithoutBronze(warehouse, context.project);
  if (options.dryRun) {
    const { findings } = await findSubject(warehouse, compiled, named, terminal, options.signal);
    showFindings(findings, terminal);
    terminal.say('This is what would go; nothing was touched.', 'faint');
  }
  await refuseSeeded(warehouse, manifest, context.project.root, named);
  if (options.dryRun) return 0;
  const known = await knownSubject(warehouse, context.project, named, options.signal);
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
  const { manifest, context } = compiled;
  const { project } = context;
  const { subject, words, otherIds } = named;
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
  // Before anything goes that tells them; from here on they outlive a kill, and what the registry says later.
  const of = { bronzeRoot: bronzeRoot(project), subject, apartments: apartmentsOf(project), signal };
  const known = knownBy(named, await rememberRegistryIds(warehouse, of));
  // While it can still be told from the tables whose they are.
  begin('kept rows of failed audits');
  const kept = await eraseKeptRows(warehouse);
  await say('kept rows of failed audits, of everybody', kept);
  const tables: Record<string, number> = {};
  // Counted anew under the lock, which also says what tables there are.
  const counted = await countSubjectRows(warehouse, manifest, known);
  for (const { node } of counted) {
    const table = `${node.relation.schema}.${node.relation.name}`;
    begin(table);
    tables[table] = await eraseRows(warehouse, manifest, node, known);
    await say(table, tables[table]);
  }
  begin('landed files');
  const landed = await eraseLanded(warehouse, {
    ...of,
    onProgress: ({ part, files, total }) =>
      terminal.live(`erasing: ${part} ${thousands(files)} of ${thousands(total)}`),
  });
  for (const [what, count] of landedCounts(landed)) await say(what, count);
  for (const path of landed.damaged)
    terminal.errors([
      { tone: 'warning', text: `${path} in Bronze is damaged: what can be read of it names nobody erased; look at it` },
    ]);
  // They are made of what is gone now, also where a loader took it.
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
  const remembered = await scrubState(warehouse, manifest, { id: subject.id, otherIds, words });
  await say('what the runner remembers', remembered);
  begin('room');
  const remains = new Map<string, Remains>();
  const giveRoom = async (schema: string, name: string) =>
    remains.set(`${schema}.${name}`, await vacuum(warehouse, schema, name));
  for (const { schema, name } of tablesToVacuum(compiled)) await giveRoom(schema, name);
  begin('logs');
  const folder = textSetting(project, 'LOG_DIR');
  const logs = folder === undefined ? 0 : await eraseFromLogs(fromRoot(project.root, folder), words, signal);
  await say('logs', logs);
  begin('artifacts');
  const artifacts = await removeArtifacts(join(project.root, 'target'), words, signal);
  await say('artifacts in target', artifacts);
  begin('search');
  let left = await findSubject(warehouse, compiled, named, terminal, signal);
  // Searched for first, since that is the long part and mostly finds nothing.
  const renamed = await removeNames(warehouse, manifest, left.naming, words, {
    source: 'staging.registry_row',
    without: nameRemoval(of),
  });
  for (const [{ relation: at }, count] of renamed) {
    await giveRoom(at.schema, at.name);
    await say(`rows of others in ${at.schema}.${at.name} that named it`, count);
  }
  if (renamed.size > 0 && views.length > 0) {
    await refreshMaterializedViews(warehouse, manifest);
    for (const { relation: at } of materializedViews(manifest)) await giveRoom(at.schema, at.name);
  }
  if (renamed.size > 0) left = await findSubject(warehouse, compiled, named, terminal, signal);
  if (left.findings.length > 0) {
    terminal.say('Something is left, so the erasure is not complete:', 'bad');
    showFindings(left.findings, terminal);
    terminal.say(
      'Look what that is: another may be called the same. What is the subject’s has to go by hand; then repeat.',
    );
    return 1;
  }
  begin('finish');
  const report = { tables, kept, landed, remembered, logs, artifacts };
  await finishErasure(warehouse, tombstone, clock);
  tell(leftToYou(project, named, remains), terminal, report);
  return 0;
}

/** What the loaders erased, in words. */
function landedCounts(landed: ErasedCounts): [string, number][] {
  return [
    ['staging.sensor_file', landed.sensorRows],
    ['staging.prediction', landed.predictions],
    ['staging.registry_row', landed.registryRows],
    ['rows of others in staging.registry_row that named it', landed.namedRows],
    ['staging.file', landed.ledgerRows],
    ['messages of loads', landed.messages],
    ['sensor files in Bronze', landed.bronzeFiles],
    ['rows of the registry in Bronze', landed.bronzeRows],
    ['rows of others there that named it', landed.bronzeNamedRows],
  ];
}

/** Tables that lost rows, here or at the hands of the loaders, and whose statistics may still hold values. */
function tablesToVacuum({ manifest }: Compiled): { schema: string; name: string }[] {
  const landed = [...manifest.nodes.values()].flatMap((node) =>
    node.kind === 'source' && node.isPersonal ? [node.relation] : [],
  );
  const runner = ['surrogate_key', 'run_result', 'audit_row'].map((name) => ({ schema: 'datacycle', name }));
  const nodes = [...subjectNodes(manifest), ...materializedViews(manifest)];
  return [...nodes.map(({ relation }) => relation), ...landed, ...runner];
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
