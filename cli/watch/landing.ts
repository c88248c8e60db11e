import { LoadBusyError, LoadInterruptedError, SourceLostError, systemCode } from '../../loaders/landing/errors.ts';
import {
  type LoadMode,
  type LoadSummary,
  type Note,
  type SourceName,
  settleMs,
} from '../../loaders/landing/summary.ts';
import type { Project } from '../../runner/project/project.ts';
import { thousands } from '../../runner/text/figures.ts';
import { ConnectionError, DatacycleError } from '../../warehouse/errors.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { attemptLoad, type Source } from '../sources/sources.ts';
import { formatCell } from '../terminal/table.ts';
import { databaseFailed } from './answer.ts';
import type { Conditions } from './conditions.ts';
import type { WatchMetrics } from './metrics.ts';
import type { WatchLog } from './watch-log.ts';

/**
 * What became of one try to do a job. `unable`: it says nothing about its source (stopped, busy, no database). `unreachable`: the server of
 * its source could not be connected to, stayed silent or was lost on the way, which may be over at any moment.
 */
export type JobOutcome = 'done' | 'failed' | 'unreachable' | 'unable';

/** What became of one try to load a source. */
export type Landing =
  | { readonly outcome: 'landed'; readonly summary: LoadSummary }
  | { readonly outcome: Exclude<JobOutcome, 'done'> };

export interface LandingOptions {
  readonly warehouse: Warehouse;
  readonly project: Project;
  readonly clock: () => Date;
  readonly log: WatchLog;
  readonly conditions: Conditions;
  readonly metrics: WatchMetrics;
  /** Called now and then during a long load. */
  readonly onSign: () => void;
}

/** How many logged notes are kept, so that they are not logged again at every check. */
const mostKept = 10_000;

/** Loads sources for the watcher, once. A failure is an outcome, not an exception, and if it is new, a line in the log. */
export class Lander {
  readonly #options: LandingOptions;
  readonly #logged = new Set<string>();

  constructor(options: LandingOptions) {
    this.#options = options;
  }

  async load(source: Source, mode: LoadMode, signal: AbortSignal, retryHint: string): Promise<Landing> {
    const { warehouse, project, clock, log, conditions, metrics, onSign } = this.#options;
    const started = performance.now();
    try {
      const summary = await attemptLoad(source, warehouse, project, {
        mode,
        clock,
        signal,
        settleMs,
        attempts: 1,
        onProgress: onSign,
        onNotice: (text) => log.write('info', `${source.name} notice`, `${source.name}: ${text}`),
      });
      conditions.recovered('database');
      conditions.recovered(source.name);
      metrics.up.set({ source: source.name }, 1);
      metrics.landed.inc({ source: source.name }, summary.landed);
      metrics.rejected.inc({ source: source.name }, summary.rejected.count);
      this.#report(summary, mode, (performance.now() - started) / 1000);
      return { outcome: 'landed', summary };
    } catch (error) {
      if (error instanceof LoadInterruptedError || signal.aborted) return { outcome: 'unable' };
      if (error instanceof LoadBusyError) {
        this.#sayOnce(`${source.name}: ${error.message}`, `${source.name} busy`, { source: source.name });
        return { outcome: 'unable' };
      }
      if (error instanceof ConnectionError) {
        databaseFailed(conditions, error, 'It is tried again until it is back.');
        return { outcome: 'unable' };
      }
      metrics.up.set({ source: source.name }, 0);
      conditions.failed(source.name, messageOf(error), retryHint, { kind: kindOf(error) });
      return { outcome: error instanceof SourceLostError ? 'unreachable' : 'failed' };
    }
  }

  #report(summary: LoadSummary, mode: LoadMode, seconds: number): void {
    const { log } = this.#options;
    const { source, landed, rejected, skipped, ignored, warnings, bytes, listed } = summary;
    const unit = source === 'registry' ? 'tables' : source === 'stream' ? 'messages' : 'files';
    if (landed > 0 || rejected.count > 0 || mode === 'full') {
      const text = `${source}: ${thousands(landed)} ${unit} landed, ${thousands(rejected.count)} rejected in ${seconds.toFixed(2)} s`;
      const shown = rejected.first.slice(0, 3).map(({ name, reason }) => `${formatCell(name)}: ${reason}`);
      log.write(
        rejected.count > 0 ? 'warning' : 'info',
        'landed',
        shown.length === 0 ? text : `${text} (${shown.join('; ')}${rejected.count > 3 ? '; ...' : ''})`,
        {
          source,
          landed,
          rejected: rejected.count,
          skipped: skipped.count,
          ignored,
          bytes,
          listed,
          seconds: Math.round(seconds * 1000) / 1000,
        },
      );
    }
    this.#tellOnce(source, 'not read', skipped.first);
    this.#tellOnce(source, 'look at', warnings.first);
  }

  /** A file that cannot be read is met again at every check. */
  #tellOnce(source: SourceName, verb: string, notes: readonly Note[]): void {
    for (const { name, reason } of notes) {
      this.#sayOnce(`${source}: ${verb} ${formatCell(name)}: ${reason}`, verb, { source, name, reason });
    }
  }

  #sayOnce(text: string, event: string, fields: object): void {
    if (this.#logged.size > mostKept) this.#logged.clear();
    if (this.#logged.has(text)) return;
    this.#logged.add(text);
    this.#options.log.write('warning', event, text, fields);
  }
}

/** The message of an error for the log; of an unexpected error its class, too. */
export function messageOf(error: unknown): string {
  if (error instanceof DatacycleError) return error.message;
  return error instanceof Error ? `unexpected ${error.name}: ${error.message}` : String(error);
}

/** Two failures of one kind are the same although the system met them at different files. */
function kindOf(error: unknown): string {
  const code = error instanceof Error ? systemCode(error.cause) : '';
  return error instanceof Error && code !== '' ? `${error.name} ${code}` : messageOf(error);
}
