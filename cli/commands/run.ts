// The commands that change something: data, files, what is kept. One file for each, or for a few that differ by a word; those that
// look without touching are in looking/. Each
//
//   1. reads its flags and opens the project; it compiles before it opens the database
//   2. makes one call into loaders/, runner/ or another room of cli/
//   3. prints the result and returns the exit code
//
// No rule of the data is here. The files of cli/ that end in -commands say which flags a command has.

import { randomUUID } from 'node:crypto';
import type { Compiled } from '../../runner/compile/compile.ts';
import { isBuilt } from '../../runner/manifest/manifest.ts';
import type { Project } from '../../runner/project/project.ts';
import { reportJson, reportLines } from '../../runner/run/report.ts';
import { runNodes } from '../../runner/run/run.ts';
import type { Command, NodeResult, RunEvent, RunSummary } from '../../runner/run/run-result.ts';
import type { RunOptions } from '../../runner/run/work.ts';
import { relation } from '../../warehouse/quote.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { chosenNodes } from '../selection/chosen-nodes.ts';
import { compiledFor } from '../selection/compiled-for.ts';
import { ExecutedSql } from '../selection/executed-sql.ts';
import type { RunFlags } from '../selection/run-flags.ts';
import { writeManifest, writeRunResults } from '../selection/target-files.ts';
import { openForModels } from '../settings/environment.ts';
import { eventTimeRange, rangeOf } from '../settings/event-time.ts';
import type { Level } from '../terminal/journal.ts';
import { tellNotices } from '../terminal/notices.ts';
import { formatTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** seed, run, test and build: opens the project's database, works through the selection, reports. */
export async function runCommand(
  command: Command,
  project: Project,
  flags: RunFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<0 | 1> {
  eventTimeRange(flags);
  // Compiled before the database is opened: a fault in the project needs no server to be found.
  const compiled = await compiledFor(project, flags, terminal);
  tellNotices(terminal, compiled);
  return runChosen(command, compiled, await chosenNodes(compiled, flags, terminal), flags, terminal, signal);
}

/** The same for nodes that have been chosen. @param chosen their ids. */
export async function runChosen(
  command: Command,
  compiled: Compiled,
  chosen: ReadonlySet<string>,
  flags: RunFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<0 | 1> {
  const { project } = compiled;
  writeManifest(compiled, terminal);
  const warehouse = await openForModels(project, command, flags.threads, signal);
  const executed = new ExecutedSql(project, terminal);
  const cancel = () => void warehouse.cancel().catch(() => undefined);
  signal.addEventListener('abort', cancel);
  try {
    const deferring =
      flags.defer === true
        ? await (await import('../selection/defer.ts')).deferred(compiled, chosen, flags, async () => warehouse)
        : compiled;
    const onSql: RunOptions['onSql'] = (node, statements) => executed.write(node, statements);
    const summary = await runOn(warehouse, command, deferring, chosen, flags, terminal, signal, onSql);
    writeRunResults(compiled, summary, { which: command, ...flagsToRepeat(flags) }, terminal);
    if (flags.show === true) await showSeeds(warehouse, summary, terminal);
    return summary.ok ? 0 : 1;
  } finally {
    signal.removeEventListener('abort', cancel);
    await executed.written();
    await warehouse.close();
  }
}

/** How many rows of a seed are shown. */
const shownRows = 10;

/** Shows the first rows of the seeds that a run has loaded. */
async function showSeeds(warehouse: Warehouse, { results }: RunSummary, terminal: Terminal): Promise<void> {
  for (const { node, status } of results) {
    if (!isBuilt(node) || status !== 'success') continue;
    const { columns, rows } = await warehouse.query(
      `select * from ${relation(node.relation)} limit ${shownRows}`,
      [],
      'text',
    );
    const cells = rows.map((row) => columns.map((column) => row[column]));
    if (terminal.json) terminal.event({ type: 'rows', node: node.name, rows });
    else terminal.output(`\n${node.relation.schema}.${node.relation.name}\n${formatTable(columns, cells)}`);
  }
}

/** The same on a database that is already open. @param selected ids of nodes. @param onSql called with the SQL of each build. */
export async function runOn(
  warehouse: Warehouse,
  command: Command,
  compiled: Compiled,
  selected: ReadonlySet<string>,
  flags: RunFlags,
  terminal: Terminal,
  signal?: AbortSignal,
  onSql?: RunOptions['onSql'],
): Promise<RunSummary> {
  const { project } = compiled;
  const running = new Map<string, number>();
  const testWarnings = terminal.warnings?.('LogTestResult') ?? 'warn';
  const isSilent = ({ node, status }: NodeResult) =>
    testWarnings === 'silence' && node.kind === 'test' && status === 'warn';
  return runNodes(compiled, warehouse, {
    command,
    selected,
    fullRefresh: flags.fullRefresh === true,
    // `seed` loads every seed, as in dbt.
    reuse: command === 'test' ? flags.changed === true : command !== 'seed' && flags.reuse !== false,
    range: eventTimeRange(flags) ?? rangeOf(compiled.rowLimit, new Date()),
    threads: flags.threads ?? project.target.threads ?? 4,
    failFast: flags.failFast === true,
    storeFailures: flags.storeFailures === true,
    warningsFail: testWarnings === 'error',
    unitTestsOn: flags.unitTestsOn ?? project.target.unit_tests_on,
    clock: () => new Date(),
    runId: randomUUID(),
    signal,
    onSql,
    onEvent: (event) => {
      const object = reportJson(event);
      if (object !== undefined && event.type !== 'node-started') terminal.record(object, levelOf(event));
      if (terminal.json) {
        if (object !== undefined && !(event.type === 'node-finished' && isSilent(event.result))) terminal.event(object);
        return;
      }
      terminal.lines(reportLines(event, isSilent));
      if (event.type === 'node-started') running.set(event.node.name, event.index);
      if (event.type === 'node-finished') running.delete(event.result.node.name);
      if (event.type === 'node-started' || event.type === 'node-finished') {
        terminal.live(
          running.size === 0 ? '' : `  ${event.index} of ${event.total}  running ${[...running.keys()].join(', ')}`,
        );
      }
    },
  });
}

/** The flags by which a run can be repeated for other nodes. */
function flagsToRepeat(flags: RunFlags & { readonly target?: string | undefined; readonly vars?: string | undefined }) {
  const { target, vars, fullRefresh, reuse, changed, eventTimeStart, eventTimeEnd, empty, sample } = flags;
  const { threads, failFast, storeFailures } = flags;
  const what = { target, vars, fullRefresh, reuse, changed, eventTimeStart, eventTimeEnd, empty, sample };
  return { ...what, threads, failFast, storeFailures };
}

function levelOf(event: RunEvent): Level {
  if (event.type === 'finished') return event.summary.ok ? 'info' : 'error';
  if (event.type === 'hook-finished') return event.hook.error === undefined ? 'info' : 'error';
  if (event.type !== 'node-finished') return 'info';
  const { status } = event.result;
  return status === 'error' || status === 'fail'
    ? 'error'
    : status === 'warn' || status === 'skipped'
      ? 'warning'
      : 'info';
}
