import type { KnownBatch } from '../state/batch-windows.ts';

/** Which batches a run builds. */
export interface Choice {
  /** In the order of time. */
  readonly batches: readonly KnownBatch[];
  /** Those without which the table is not whole: never built, or waiting to be built again. */
  readonly missing: readonly KnownBatch[];
}

/**
 * Chooses the batches that a run builds: those never built, those that were not over when they were built (the present one
 * first of all), those that wait or are behind, and the `lookback` newest of the others, for what comes in late. Pure.
 * @param renew all of them, since the model is another one.
 * @param asked just those that overlap the time asked for, done or not.
 */
export function chooseBatches(
  known: readonly KnownBatch[],
  { lookback, renew, asked }: { readonly lookback: number; readonly renew: boolean; readonly asked: boolean },
): Choice {
  const missing = known.filter(({ done }) => renew || done === undefined || done.pending);
  if (asked) return { batches: known.filter((batch) => batch.asked), missing };
  const settled = known.filter(({ done }) => !renew && isSettled(done));
  const again = new Set(lookback === 0 ? [] : settled.slice(-lookback));
  return { batches: known.filter((batch) => renew || !isSettled(batch.done) || again.has(batch)), missing };
}

function isSettled(done: KnownBatch['done']): boolean {
  return done?.over === true && !done.pending && !done.behind;
}
