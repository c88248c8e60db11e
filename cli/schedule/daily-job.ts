// When jobs are due by the clock of this machine.
//
//   due.ts        a time of day, and whether a job of it must run
//   daily-job.ts  one job that must succeed once a day, or once a week: when it is tried, and tried again after a failure
//   repeated-job.ts  one that runs again and again
//
// Nothing is started here, and no clock is read: whoever asks passes the time.
import { isDue, latestDue, type TimeOfDay } from './due.ts';

/** Between two tries once the retries of a job are used up, in milliseconds. */
const hourlyMs = 60 * 60 * 1000;

export interface DailyJobOptions {
  readonly at: TimeOfDay;
  /** How often, and after how many milliseconds, a failed job is tried again before it is tried hourly. */
  readonly retries: number;
  readonly retryDelayMs: number;
}

/** Says when a job that must succeed once a day is to be tried. It starts nothing itself; the caller does. */
export class DailyJob {
  readonly #options: DailyJobOptions;
  #lastSuccess: Date | undefined;
  #running = false;
  #failures = 0;
  /** The due time that the failures are counted for. */
  #due = 0;
  /** On the clock that never jumps, in milliseconds. */
  #notBefore = 0;

  constructor(options: DailyJobOptions) {
    this.#options = options;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Takes over the success of another process, e.g. of `datacycle load` on the command line. */
  learn(lastSuccess: Date | undefined): void {
    this.#lastSuccess = lastSuccess;
  }

  /** Whether to start it now. @param elapsed milliseconds on a clock that never jumps. */
  shouldStart(now: Date, elapsed: number): boolean {
    const { at } = this.#options;
    if (this.#running || !isDue(now, at, this.#lastSuccess)) return false;
    const due = latestDue(now, at).getTime();
    if (due !== this.#due) {
      this.#due = due;
      this.#failures = 0;
      this.#notBefore = 0;
    }
    return elapsed >= this.#notBefore;
  }

  started(): void {
    this.#running = true;
  }

  succeeded(now: Date): void {
    this.#running = false;
    this.#lastSuccess = now;
    this.#failures = 0;
  }

  /** @returns in how many milliseconds it is tried again. */
  failed(elapsed: number): number {
    this.#running = false;
    this.#failures += 1;
    const delay = this.#failures <= this.#options.retries ? this.#options.retryDelayMs : hourlyMs;
    this.#notBefore = elapsed + delay;
    return delay;
  }

  /** It was stopped half-way, through no fault of its own: to be started again at once. */
  interrupted(): void {
    this.#running = false;
  }
}
