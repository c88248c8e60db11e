import { z } from 'zod';
import { type LoadMode, type LoadSummary, loadSensors, type Notes } from '../../loaders/sensors.ts';
import { UsageError } from '../../runner/errors.ts';
import type { Project } from '../../runner/project.ts';
import { thousands } from '../../runner/report.ts';
import { didYouMean } from '../../runner/suggest.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { bronzeRoot, fromRoot, openProjectWarehouse } from '../environment.ts';
import { ProgressLine } from '../progress.ts';
import type { Terminal } from '../terminal.ts';

export interface LoadFlags {
  readonly full?: boolean | undefined;
  readonly fromBronze?: boolean | undefined;
}

const sources = ['sensors'];

const apartments = z.array(z.looseObject({ id: z.string().min(1), owner: z.string().min(1) })).min(1);

/** Lands what is new of the named sources (all of them when none is named). */
export async function load(
  project: Project,
  names: readonly string[],
  flags: LoadFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<0 | 1> {
  for (const name of names) {
    if (!sources.includes(name))
      throw new UsageError({ what: `there is no source "${name}"`, hint: didYouMean(name, sources) });
  }
  if (flags.full === true && flags.fromBronze === true) {
    throw new UsageError({
      what: '--full and --from-bronze exclude each other',
      hint: '--full lists the share; --from-bronze reads Bronze instead of the share.',
    });
  }
  if (!flags.fromBronze && !project.env.SMB_PATH) {
    throw new UsageError({
      what: 'SMB_PATH is not set: where are the sensor files?',
      hint: 'Set it in the environment or in .env to the folder of the sensor files, e.g. SMB_PATH=/mnt/share. `datacycle demo` needs none.',
    });
  }
  const warehouse = await openProjectWarehouse(project, 'load', 2);
  try {
    await loadSensorsOf(warehouse, project, flags, terminal, signal);
    return 0;
  } finally {
    await warehouse.close();
  }
}

/** The same on a database that is already open, with the project's settings. */
export async function loadSensorsOf(
  warehouse: Warehouse,
  project: Project,
  flags: LoadFlags,
  terminal: Terminal,
  signal?: AbortSignal,
): Promise<LoadSummary> {
  const checked = apartments.safeParse(project.vars.apartments);
  if (!checked.success) {
    const place = project.settingsFile.place(['vars', 'apartments']);
    throw new UsageError({
      what: 'vars.apartments must be a list of apartments, each with an id and the owner that its file names carry',
      where: `${place.file}:${place.line}`,
      hint: 'Write - { id: jimmy, owner: JimmyLoup, name: Jimmy }.',
    });
  }
  const mode: LoadMode = flags.fromBronze === true ? 'from-bronze' : flags.full === true ? 'full' : 'new';
  const started = Date.now();
  const progress = new ProgressLine(terminal, 'load sensors');
  const share = project.env.SMB_PATH ? fromRoot(project.root, project.env.SMB_PATH) : undefined;
  const summary = await loadSensors(
    warehouse,
    { share, bronzeRoot: bronzeRoot(project), apartments: checked.data },
    {
      mode,
      clock: () => new Date(),
      ...(signal === undefined ? {} : { signal }),
      onProgress: ({ phase, files, total, bytes }) => progress.update(phase, files, total, bytes),
    },
  );
  report(summary, (Date.now() - started) / 1000, mode, terminal);
  return summary;
}

function report(summary: LoadSummary, seconds: number, mode: LoadMode, terminal: Terminal): void {
  if (terminal.json) {
    terminal.event({ type: 'loaded', seconds, ...summary });
    return;
  }
  const { landed, rejected, skipped } = summary;
  const rate = landed > 0 && seconds > 0 ? `, ${thousands(Math.round(landed / seconds))} a second` : '';
  terminal.say(
    `sensors: ${thousands(landed)} files landed, ${thousands(rejected.count)} rejected in ${seconds.toFixed(2)}s${rate}.`,
    'good',
  );
  sayNotes(rejected, 'rejected', 'All of them: datacycle status', terminal);
  sayNotes(skipped, 'not read', 'They are tried again by load --full.', terminal);
  if (mode === 'new' && landed === 0 && summary.listed === 'predicted') {
    terminal.say(
      '  Only the names after the newest file were tried; --full lists the whole share for late files.',
      'faint',
    );
  }
}

function sayNotes(notes: Notes, verb: string, more: string, terminal: Terminal): void {
  for (const { name, reason } of notes.first.slice(0, 10)) terminal.say(`  ${verb} ${name}: ${reason}`, 'warning');
  if (notes.count > 10) terminal.say(`  and ${thousands(notes.count - 10)} more. ${more}`, 'warning');
}
