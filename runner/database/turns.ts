/** Lets many pieces of work run side by side, or one alone. */
export class Turns {
  readonly #signal: AbortSignal | undefined;
  readonly #running = new Set<Promise<unknown>>();
  #alone: Promise<unknown> | undefined;

  /** @param signal once it is given nothing begins any more: what waits for its turn throws. */
  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** Runs work beside others, once nobody works alone. */
  async beside<T>(work: () => Promise<T>): Promise<T> {
    while (this.#alone !== undefined) await this.#alone;
    this.#signal?.throwIfAborted();
    const running = work();
    const ended = over(running);
    this.#running.add(ended);
    return running.finally(() => this.#running.delete(ended));
  }

  /** Runs work once all others are done; meanwhile nobody begins. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
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

/** The end of work, however it ends. */
async function over(work: Promise<unknown>): Promise<void> {
  await work.catch(() => undefined);
}
