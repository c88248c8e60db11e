import {
  type LoadMode,
  type LoadSummary,
  type Notes,
  type SourceName,
  settleMs,
} from '../../loaders/landing/summary.ts';
import type { Project } from '../../runner/project/project.ts';
import { errorLines } from '../../runner/run/report.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { thousands } from '../../runner/text/figures.ts';
import { didYouMean } from '../../runner/text/suggest.ts';
import { DatacycleError } from '../../warehouse/errors.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { openProjectWarehouse } from '../settings/environment.ts';
import { attemptLoad, isConfigured, type Source, sources } from '../sources/sources.ts';
import { ProgressLine } from '../terminal/progress.ts';
import { formatCell } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';

export interface LoadFlags {
  readonly full?: boolean | undefined;
  readonly fromBronze?: boolean | undefined;
  /** With `fromBronze`: this file alone. */
  readonly file?: string | undefined;
  readonly skipLost?: boolean | undefined;
}

/**
 * Lands what is new of the named sources; without names, of all that the settings say where to find. One that fails does
 * not keep the others from being loaded.
 */
export async function load(
  project: Project,
  names: readonly string[],
  flags: LoadFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<0 | 1 | 2> {
  if (flags.full === true && flags.fromBronze === true) {
    throw new UsageError({
      what: '--full and --from-bronze exclude each other',
      hint: '--full lists all there is at the source; --from-bronze reads Bronze instead of the source.',
    });
  }
  const chosen = chooseSources(project, names, flags);
  if (flags.file !== undefined) refuseFile(names, flags);
  const warehouse = await openProjectWarehouse(project, 'load', 3, { signal });
  try {
    let exitCode: 0 | 1 | 2 = 0;
    for (const source of chosen) {
      try {
        await loadSource(source, warehouse, project, flags, terminal, signal);
      } catch (error) {
        const isLast = source === chosen.at(-1);
        if (!(error instanceof DatacycleError) || signal.aborted || (isLast && exitCode === 0)) throw error;
        terminal.failure(error, errorLines(error));
        exitCode = exitCode === 1 ? 1 : error.exitCode;
      }
    }
    return exitCode;
  } finally {
    await warehouse.close();
  }
}

function chooseSources(project: Project, names: readonly string[], flags: LoadFlags): readonly Source[] {
  const all = Object.values(sources);
  if (names.length > 0) {
    const unknown = names.find((name) => !Object.hasOwn(sources, name));
    if (unknown === undefined) return [...new Set(names)].map((name) => sources[name as SourceName]);
    throw new UsageError({
      what: `there is no source "${unknown}"`,
      hint: didYouMean(unknown, Object.keys(sources)) ?? `There are ${Object.keys(sources).join(', ')}.`,
    });
  }
  // A project without messages does not say what they are.
  if (flags.fromBronze === true)
    return all.filter(({ name }) => name !== 'stream' || project.vars.stream !== undefined);
  const configured = all.filter((source) => isConfigured(source, project));
  if (configured.length > 0) return configured;
  throw new UsageError({
    what: 'no source is configured: where are the data?',
    hint: `Set ${all.map(({ setting, name }) => `${setting} (${name})`).join(', ')} in the environment or in .env, at least one of them. \`datacycle demo\` needs none.`,
  });
}

/** One file can be judged again where its source has files that are judged one by one. */
function refuseFile(names: readonly string[], { fromBronze }: LoadFlags): void {
  const example = 'datacycle load sensors --from-bronze --file "18.08.2023 1000_JimmyLoup_received.json"';
  if (fromBronze !== true)
    throw new UsageError({ what: '--file is for --from-bronze', hint: `For example: ${example}` });
  const [name, ...others] = new Set(names);
  if (name === undefined || name === 'stream' || others.length > 0)
    throw new UsageError({
      what: '--file needs the one source that the file is of: sensors, weather or registry',
      hint: `For example: ${example}`,
    });
}

/** Loads one source into a database that is already open, with progress and a report. */
export async function loadSource(
  source: Source,
  warehouse: Warehouse,
  project: Project,
  flags: LoadFlags,
  terminal: Terminal,
  signal?: AbortSignal,
): Promise<LoadSummary> {
  const mode: LoadMode = flags.fromBronze === true ? 'from-bronze' : flags.full === true ? 'full' : 'new';
  const started = Date.now();
  const progress = new ProgressLine(terminal, `load ${source.name}`, source.name === 'stream' ? 'messages' : 'files');
  const summary = await attemptLoad(source, warehouse, project, {
    mode,
    clock: () => new Date(),
    signal,
    settleMs,
    file: flags.file,
    skipLost: flags.skipLost,
    onProgress: ({ phase, files, total, bytes }) => progress.update(phase, files, total, bytes),
    onNotice: (text) => terminal.notice(text),
  });
  report(summary, (Date.now() - started) / 1000, mode, terminal);
  return summary;
}

const units: Readonly<Record<SourceName, string>> = {
  sensors: 'files',
  weather: 'files',
  registry: 'tables',
  stream: 'messages',
};

/** What reads a file that could not be read; only for sensors does a load not list all there is. */
const again: Readonly<Record<SourceName, string>> = {
  sensors: 'load sensors --full',
  weather: 'the next load weather',
  registry: 'the next load registry',
  stream: 'load stream --from-bronze',
};

function report(summary: LoadSummary, seconds: number, mode: LoadMode, terminal: Terminal): void {
  const event = { type: 'loaded', seconds, ...summary };
  terminal.record(event, summary.rejected.count > 0 ? 'warning' : 'info');
  if (terminal.json) {
    terminal.event(event);
    return;
  }
  const { source, landed, rejected, skipped, ignored, warnings } = summary;
  const rate = landed > 100 && seconds > 0 ? `, ${thousands(Math.round(landed / seconds))} a second` : '';
  terminal.say(
    `${source}: ${thousands(landed)} ${units[source]} landed, ${thousands(rejected.count)} rejected in ${seconds.toFixed(2)}s${rate}.`,
    'good',
  );
  if (ignored > 0) {
    const unit = source === 'registry' ? 'rows' : 'files';
    terminal.say(`  ${thousands(ignored)} ${unit} of erased apartments left alone (docs/subjects.md).`, 'faint');
  }
  sayNotes(rejected, 'rejected', 'All of them: datacycle status', terminal);
  const retry = mode === 'from-bronze' ? `load ${source} --from-bronze` : again[source];
  sayNotes(skipped, 'not read', `They are tried again by ${retry}.`, terminal);
  sayNotes(warnings, 'look at', '', terminal);
  if (source === 'sensors' && mode === 'new' && landed === 0 && summary.listed === 'predicted') {
    terminal.say(
      '  Only the names after the newest file were tried; --full lists the whole share for late files.',
      'faint',
    );
  }
}

function sayNotes(notes: Notes, verb: string, more: string, terminal: Terminal): void {
  for (const { name, reason } of notes.first.slice(0, 10))
    terminal.say(`  ${verb} ${formatCell(name)}: ${reason}`, 'warning');
  if (notes.count > 10) terminal.say(`  and ${thousands(notes.count - 10)} more. ${more}`, 'warning');
}
