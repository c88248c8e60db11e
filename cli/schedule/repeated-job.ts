const dayMs = 24 * 60 * 60 * 1000;

/** Says when a job that runs again and again is to be tried. It starts nothing itself; the caller does. */
export class RepeatedJob {
  readonly #everyMs: number;
  #lastSuccess: Date | undefined;
  #running = false;
  /** On the clock that never jumps, in milliseconds. */
  #notBefore = 0;

  /** @param everyMs milliseconds from one success to the next try, and from a failure to the next. */
  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** Takes over the success of another process. */
  learn(lastSuccess: Date | undefined): void {
    this.#lastSuccess = lastSuccess;
  }

  /** Whether to start it now. A success more than a day ahead of the clock does not count. @param elapsed on a clock that never jumps. */
  shouldStart(now: Date, elapsed: number): boolean {
    if (this.#running || elapsed < this.#notBefore) return false;
    const since = now.getTime() - (this.#lastSuccess?.getTime() ?? Number.NEGATIVE_INFINITY);
    return since >= this.#everyMs || since < -dayMs;
  }

  started(): void {
    this.#running = true;
  }

  succeeded(now: Date): void {
    this.#running = false;
    this.#lastSuccess = now;
  }

  /** @returns in how many milliseconds it is tried again. */
  failed(elapsed: number): number {
    this.#running = false;
    this.#notBefore = elapsed + this.#everyMs;
    return this.#everyMs;
  }

  /** It was stopped half-way, through no fault of its own: to be started again at once. */
  interrupted(): void {
    this.#running = false;
  }
}
