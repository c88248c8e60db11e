import type { ExportOutcome } from '../../exporting/export.ts';
import { compiledProject } from '../../runner/cache/cache.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import { addressOf } from '../../runner/compile/exports.ts';
import type { Export } from '../../runner/manifest/exposure-node.ts';
import type { Project } from '../../runner/project/project.ts';
import { Cancelled, UsageError } from '../../runner/text/errors.ts';
import { thousands } from '../../runner/text/figures.ts';
import { didYouMean } from '../../runner/text/suggest.ts';
import { DatacycleError } from '../../warehouse/errors.ts';
import { exportOne } from '../exports/exporter.ts';
import { openToRead } from '../settings/environment.ts';
import { tellNotices } from '../terminal/notices.ts';
import type { Terminal } from '../terminal/terminal.ts';

export interface ExportFlags {
  /** Whether all files are written again. */
  readonly full?: boolean | undefined;
}

/**
 * Does the exports of these names, or all; one that fails does not keep the others from being done.
 * @returns 1 if one has failed. @throws UsageError for a name that is none.
 */
export async function exportCommand(
  project: Project,
  names: readonly string[],
  flags: ExportFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<0 | 1> {
  const compiled = await compiledProject(project);
  tellNotices(terminal, compiled);
  const chosen = chosenExports(compiled, names);
  const warehouse = await openToRead(project, 'export', 2, signal);
  const cancel = () => void warehouse.cancel().catch(() => undefined);
  signal.addEventListener('abort', cancel);
  const onNotice = (text: string) => terminal.notice(text);
  let failed = false;
  try {
    for (const spec of chosen) {
      terminal.live(`exporting ${spec.name}`);
      const began = performance.now();
      const options = { clock: () => new Date(), signal, full: flags.full === true, onNotice };
      try {
        tell(terminal, spec, await exportOne(warehouse, compiled, spec, options), performance.now() - began);
      } catch (error) {
        if (signal.aborted)
          throw new Cancelled({
            what: 'export was stopped',
            hint: 'What is published is whole; repeat it to go on.',
            cause: error,
          });
        if (!(error instanceof DatacycleError) || chosen.length === 1) throw error;
        const parts = [error.detail, error.where && `at ${error.where}`, error.hint].filter((one) => one);
        terminal.failure(error, [
          { tone: 'bad', text: `${spec.name}: ${error.message}` },
          ...parts.map((text) => ({ tone: 'plain' as const, text: `  ${text}` })),
        ]);
        failed = true;
      }
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    await warehouse.close();
  }
  return failed ? 1 : 0;
}

function chosenExports({ exports }: Compiled, names: readonly string[]): readonly Export[] {
  const known = exports.map(({ name }) => name);
  if (known.length === 0)
    throw new UsageError({
      what: 'project.yml has no exports',
      hint: 'Describe one there: exports: { daily: { model: sales, to: { folder: exports/daily } } }',
    });
  return names.length === 0
    ? exports
    : names.map((name) => {
        const found = exports.find((one) => one.name === name);
        if (found !== undefined) return found;
        throw new UsageError({
          what: `there is no export "${name}"`,
          hint: didYouMean(name, known) ?? `There are ${known.join(', ')}.`,
        });
      });
}

function tell(terminal: Terminal, { name, destination }: Export, outcome: ExportOutcome, elapsed: number): void {
  const to = addressOf(destination);
  const seconds = Math.round(elapsed) / 1000;
  if (terminal.json) {
    terminal.event({ type: 'export', name, destination: to, ...outcome, seconds });
    return;
  }
  const { written, unchanged, removed, files, rows } = outcome;
  const counts = [
    `${thousands(written)} ${written === 1 ? 'file' : 'files'} written`,
    ...(unchanged > 0 ? [`${thousands(unchanged)} as before`] : []),
    ...(removed > 0 ? [`${thousands(removed)} removed`] : []),
  ];
  const all = `${thousands(rows)} rows in ${thousands(files)} ${files === 1 ? 'file' : 'files'}`;
  terminal.say(`${name}: ${counts.join(', ')}; ${all} in ${to} (${seconds.toFixed(1)} s)`, 'good');
}
