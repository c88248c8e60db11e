import type { ExportOutcome } from '../../exporting/export.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import type { Export, ExportSchedule } from '../../runner/manifest/exposure-node.ts';
import { exportStates } from '../../runner/state/exports.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { DailyJob } from '../schedule/daily-job.ts';
import { RepeatedJob } from '../schedule/repeated-job.ts';
import { exportOne } from './exporter.ts';

/** As the nightly round: three tries ten minutes apart, then hourly. */
const retries = { retries: 3, retryDelayMs: 600_000 };

export interface ScheduledOptions {
  readonly compiled: Compiled;
  readonly warehouse: Warehouse;
  readonly clock: () => Date;
  readonly onNotice: (text: string) => void;
  readonly onDone: (name: string, outcome: ExportOutcome, elapsedMs: number) => void;
  /** @param retryMs when it is tried again, in milliseconds. */
  readonly onFailed: (name: string, error: unknown, retryMs: number) => void;
}

/** The exports with a schedule, each done when it is due. */
export class ScheduledExports {
  readonly #options: ScheduledOptions;
  readonly #jobs: readonly { readonly spec: Export; readonly job: DailyJob | RepeatedJob }[];

  constructor(options: ScheduledOptions) {
    this.#options = options;
    this.#jobs = options.compiled.exports.flatMap((spec) =>
      spec.schedule === undefined ? [] : [{ spec, job: jobOf(spec.schedule) }],
    );
  }

  /** Starts what is due. @returns the exports that have begun; none of them rejects. @throws what the database throws. */
  async start(stop: AbortSignal): Promise<readonly Promise<void>[]> {
    const { clock, warehouse } = this.#options;
    const due = () => this.#jobs.filter(({ job }) => job.shouldStart(clock(), performance.now()));
    const candidates = due();
    if (candidates.length === 0) return [];
    // The record decides: it may have been done by hand or by an earlier watcher.
    const states = await exportStates(
      warehouse,
      candidates.map(({ spec }) => spec.name),
    );
    for (const { spec, job } of candidates) {
      const at = states.find(({ name }) => name === spec.name)?.succeededAt;
      job.learn(at === null || at === undefined ? undefined : new Date(at));
    }
    return due().map(({ spec, job }) => {
      job.started();
      return this.#do(spec, job, stop);
    });
  }

  async #do(spec: Export, job: DailyJob | RepeatedJob, stop: AbortSignal): Promise<void> {
    const { compiled, warehouse, clock, onNotice, onDone, onFailed } = this.#options;
    const began = performance.now();
    try {
      const outcome = await exportOne(warehouse, compiled, spec, { clock, signal: stop, full: false, onNotice });
      job.succeeded(clock());
      onDone(spec.name, outcome, performance.now() - began);
    } catch (error) {
      if (stop.aborted) job.interrupted();
      else onFailed(spec.name, error, job.failed(performance.now()));
    }
  }
}

function jobOf(schedule: ExportSchedule): DailyJob | RepeatedJob {
  return 'at' in schedule
    ? new DailyJob({ at: schedule.at, ...retries })
    : new RepeatedJob(schedule.everySeconds * 1000);
}
