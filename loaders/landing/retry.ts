import { setTimeout as sleep } from 'node:timers/promises';

export interface Retry {
  /** How often in all; at least once. */
  readonly attempts: number;
  readonly delaySeconds: number;
  readonly signal?: AbortSignal | undefined;
  /** Told of a failure that is not the last: which try it was and why. */
  readonly onFailure: (attempt: number, error: unknown) => void;
  /** Whether it may go better another time. */
  readonly isTransient: (error: unknown) => boolean;
}

/**
 * Does `work`, again and again after a pause as long as it fails for reasons that may pass.
 * @throws what the last try threw; the first that is not transient; what was thrown when `signal` fired during a pause.
 */
export async function withRetries<T>(retry: Retry, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= retry.attempts || retry.signal?.aborted === true || !retry.isTransient(error)) throw error;
      retry.onFailure(attempt, error);
      const signal = retry.signal;
      await sleep(retry.delaySeconds * 1000, undefined, signal === undefined ? {} : { signal }).catch(() => {
        throw error;
      });
    }
  }
}
