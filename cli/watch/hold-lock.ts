import { hostname } from 'node:os';
import { ConnectionError, DatacycleError, StatementError } from '../../warehouse/errors.ts';
import { isRunning } from '../../warehouse/process-identity.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { answerWithin, databaseFailed, isHopeless, silent } from './answer.ts';
import type { Conditions } from './conditions.ts';
import { pause } from './timing.ts';

/** The lock of the one watcher a database may have; `status` asks who holds it. */
export const watchLock = 'watch';

/** Between two tries to reach the database, in milliseconds: doubled from the first to the last, or to the watcher's interval. */
const firstWaitMs = 1000;
const lastWaitMs = 30_000;

/** How long a starting watcher waits for the lock of one that has ended, in milliseconds: the server notices within 35 s. */
const goneMs = 60_000;

/** Giving the lock back over a connection that is dead without knowing may never end; so long, in milliseconds, is waited. */
const letGoMs = 2000;

const lost = 'the connection to the database was lost';
const tryAgain = 'It is tried again until it is back.';

export interface HoldOptions {
  /** Opened for the purpose `watch`. */
  readonly warehouse: Warehouse;
  readonly signal: AbortSignal;
  readonly conditions: Conditions;
  /** Between two checks, in milliseconds. */
  readonly intervalMs: number;
}

/**
 * Does `work` while this process is the watcher of the database, again and again as the lock is lost with its connection,
 * until `signal`. Waits for a database that is away.
 * @param work ends soon after its signal, and when `stillMine` says no.
 * @throws DatacycleError (exit code 1) naming the holder if there is another watcher; ConnectionError if the database
 * refuses the login at the start.
 */
export async function whileWatcher(
  { warehouse, signal, conditions, intervalMs }: HoldOptions,
  work: (stop: AbortSignal, stillMine: () => Promise<boolean>) => Promise<void>,
): Promise<void> {
  const own = `datacycle watch pid ${process.pid} on ${hostname()}`.slice(0, 63);
  const stillMine = async () => (await warehouse.holder(watchLock))?.startsWith(own) === true;
  const goneUntil = performance.now() + goneMs;
  let wait = firstWaitMs;
  let wasHeld = false;
  while (!signal.aborted) {
    try {
      const outcome = await hold(warehouse, signal, answerWithin(intervalMs), async (stop) => {
        wasHeld = true;
        wait = firstWaitMs;
        conditions.recovered('database');
        await work(AbortSignal.any([signal, stop]), stillMine);
      });
      if (signal.aborted) return;
      if (outcome.held) databaseFailed(conditions, new ConnectionError({ what: lost, hint: '' }), tryAgain);
      // A server may take a while to notice that our last connection has ended.
      else if (!outcome.holder.startsWith(own) && !(isGone(outcome.holder) && performance.now() < goneUntil))
        throw anotherWatcher(outcome.holder);
    } catch (error) {
      // After a first success, any refusal by the server may be temporary.
      if (!(error instanceof ConnectionError || (wasHeld && error instanceof StatementError))) throw error;
      if (signal.aborted) return;
      if (!(error instanceof ConnectionError)) conditions.failed('database', error.message, tryAgain);
      else if (isHopeless(error) && !wasHeld) throw error;
      else databaseFailed(conditions, error, tryAgain);
    }
    await pause(wait, signal);
    wait = Math.min(lastWaitMs, Math.max(firstWaitMs, intervalMs), wait * 2);
  }
}

/** Whether the holder is a process of this machine that has ended: the server has not noticed yet. */
function isGone(holder: string): boolean {
  const [, pid, host] = / pid (\d+) on (\S+)/.exec(holder) ?? [];
  return pid !== undefined && host === hostname() && !isRunning(Number(pid));
}

type Held = { readonly held: true } | { readonly held: false; readonly holder: string };

function hold(
  warehouse: Warehouse,
  signal: AbortSignal,
  limitMs: number,
  work: (lost: AbortSignal) => Promise<void>,
): Promise<Held> {
  return new Promise((resolve, reject) => {
    let isAwaited = true;
    const giveUp = () => {
      isAwaited = false;
      reject(silent(warehouse));
    };
    // Before there is a lock, nothing else notices that the database hangs.
    const limit = setTimeout(giveUp, limitMs);
    signal.addEventListener('abort', giveUp);
    const clearLimits = () => {
      clearTimeout(limit);
      signal.removeEventListener('abort', giveUp);
    };
    const doWork = async (lost: AbortSignal) => {
      clearLimits();
      // Granted too late: it is released at once.
      if (!isAwaited) return;
      await work(lost);
      // What is still to come is only giving the lock back.
      setTimeout(() => resolve({ held: true }), letGoMs).unref();
    };
    warehouse.exclusive(watchLock, doWork).finally(clearLimits).then(resolve, reject);
  });
}

/** That there can be one only. @param holder the other one, in words. */
export function anotherWatcher(holder: string): DatacycleError {
  return new DatacycleError({
    what: `this database has a watcher already: ${holder}`,
    hint: 'There can be one only. Stop it first if this one is to take its place.',
  });
}
