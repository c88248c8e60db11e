/** A lock in this process: many pieces of work share it, or one has it exclusively. */
export class SharedLock {
  readonly #signal: AbortSignal | undefined;
  readonly #running = new Set<Promise<unknown>>();
  #alone: Promise<unknown> | undefined;

  /** @param signal once it is aborted no work starts any more: what waits for the lock throws. */
  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** Runs work beside other shared work, once no exclusive work runs. */
  async shared<T>(work: () => Promise<T>): Promise<T> {
    while (this.#alone !== undefined) await this.#alone;
    this.#signal?.throwIfAborted();
    const running = work();
    const ended = over(running);
    this.#running.add(ended);
    return running.finally(() => this.#running.delete(ended));
  }

  /** Runs work once all running work has ended; other work waits. */
  async exclusive<T>(work: () => Promise<T>): Promise<T> {
    while (this.#alone !== undefined) await this.#alone;
    const running = Promise.all(this.#running).then(() => {
      this.#signal?.throwIfAborted();
      return work();
    });
    this.#alone = over(running);
    return running.finally(() => {
      this.#alone = undefined;
    });
  }
}

/** Resolves when work ends, whether it succeeds or fails. */
async function over(work: Promise<unknown>): Promise<void> {
  await work.catch(() => undefined);
}
