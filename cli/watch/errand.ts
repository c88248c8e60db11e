import type { Errands } from '../jobs/errands.ts';
import type { WatchState } from './health.ts';
import type { WatchLog } from './watch-log.ts';

export interface ErrandOptions {
  readonly errands: Errands;
  readonly log: WatchLog;
  readonly state: WatchState;
  /** Resolves when nothing of the watcher is at work. */
  readonly settled: () => Promise<void>;
}

/** How often a watcher that does a job for another process gives a sign of life, in milliseconds. */
const signMs = 1000;

/**
 * Does the job that another process has waited longest for, once whatever is at work here has ended: two at once would only wait for
 * each other's locks. The watcher makes no check meanwhile. Never throws.
 */
export async function doErrand({ errands, log, state, settled }: ErrandOptions, stop: AbortSignal): Promise<void> {
  // How long it takes is the business of whoever asked for it, who can stop it.
  const alive = setInterval(() => {
    state.lastSign = performance.now();
  }, signMs);
  try {
    await settled();
    if (stop.aborted) return;
    const done = await errands.doNext(stop, (command) => {
      state.building = command;
      log.write('info', 'asked', `${command} begins, which another process asked for`, { command });
    });
    if (done === undefined) return;
    const { command, code } = done;
    const text = `${command} ended with exit code ${code}`;
    log.write(code === 0 ? 'info' : 'warning', 'asked', text, { command, code });
  } finally {
    clearInterval(alive);
    state.building = undefined;
  }
}
