/** Lets at most so many works go on at a time; the others wait, first come, first served. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#free = most;
  }

  /** @throws what the work throws; the signal's reason if it was aborted before the work's turn, which then does not begin. */
  async take<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      // Not at once: whoever hears of a failure may end those that wait.
      setImmediate(() => this.#pass());
    }
  }

  #pass(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

/**
 * Does works at once. When one fails the others are aborted, so that none goes on unseen.
 * @returns their results, in the order of the works.
 * @throws what the first one that failed threw, or the signal's reason, once all of them have ended.
 */
export async function together<T>(
  works: readonly ((signal: AbortSignal) => Promise<T>)[],
  signal: AbortSignal | undefined,
): Promise<readonly T[]> {
  const failed = new AbortController();
  const either = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  const ended = await Promise.allSettled(
    works.map(async (work) => {
      try {
        return await work(either);
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    }),
  );
  either.throwIfAborted();
  return ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}
