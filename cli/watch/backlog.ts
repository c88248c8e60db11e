import type { Builder, BuildOutcome } from './builder.ts';
import type { Marks } from './ledger-marks.ts';

/** After a failed build that no new data follow, the next one comes after this time, doubled each time up to an hour. */
const firstRetryMs = 60_000;
const lastRetryMs = 60 * 60_000;

/**
 * What has landed and is not built yet. It stays until a build that began after it landed has succeeded, whatever
 * happens in between.
 */
export class Backlog {
  readonly #builder: Builder;
  /** By the name of a source in the ledger, its staging table. */
  readonly #tables: ReadonlyMap<string, string>;
  #landed: Marks | undefined;
  #built: Marks | undefined;
  #begun = false;
  /** What the last build that failed had before it. */
  #failedAt: Marks | undefined;
  #failures = 0;
  #notBefore = 0;
  #work: Promise<void> | undefined;

  constructor(builder: Builder, tables: ReadonlyMap<string, string>) {
    this.#builder = builder;
    this.#tables = tables;
  }

  /** @returns whether anything has landed since the last call. */
  landed(newest: Marks): boolean {
    const before = this.#landed;
    this.#landed = newest;
    return before === undefined || this.#behind(before).length > 0;
  }

  /** Everything up to these loads is built. */
  built(upTo: Marks): void {
    this.#built = new Map([...(this.#built ?? []), ...upTo]);
    this.#failures = 0;
    this.#failedAt = undefined;
  }

  /** Starts to build what is waiting, unless that goes on or has just failed; never throws. */
  start(signal: AbortSignal): void {
    if (this.#work !== undefined || signal.aborted) return;
    if (
      this.#failedAt !== undefined &&
      performance.now() < this.#notBefore &&
      this.#behind(this.#failedAt).length === 0
    )
      return;
    if (this.#built !== undefined && this.#behind(this.#built).length === 0) return;
    this.#work = this.#run(signal).finally(() => {
      this.#work = undefined;
    });
  }

  /** Resolves when nothing is being built on behalf of the backlog. */
  async idle(): Promise<void> {
    await this.#work;
  }

  #behind(marks: Marks): string[] {
    return [...(this.#landed ?? [])].flatMap(([source, newest]) => (newest > (marks.get(source) ?? 0) ? [source] : []));
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (;;) {
      const goal: Marks = this.#landed ?? new Map();
      const isFirst = !this.#begun;
      const outcome = await this.#step(signal);
      if (outcome === 'unable') return;
      this.#begun = true;
      if (outcome === 'done') this.built(goal);
      else if (isFirst) continue;
      else this.#retryLater(goal);
      if (outcome === 'failed' || this.#behind(goal).length === 0) return;
    }
  }

  #step(signal: AbortSignal): Promise<BuildOutcome> {
    if (!this.#begun) return this.#builder.everything(signal);
    // A test that failed in the first build skipped the models downstream: without tests they are built.
    if (this.#built === undefined) return this.#builder.models(signal);
    const tables = this.#behind(this.#built).flatMap((source) => this.#tables.get(source) ?? []);
    return this.#builder.madeOf(tables, signal);
  }

  #retryLater(goal: Marks): void {
    this.#failedAt = goal;
    this.#notBefore = performance.now() + Math.min(lastRetryMs, firstRetryMs * 2 ** this.#failures);
    this.#failures += 1;
  }
}
