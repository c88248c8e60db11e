import { inWords } from './timing.ts';
import type { WatchLog } from './watch-log.ts';

/** What may work or fail, each on its own. */
export type Subject =
  | 'watch'
  | 'database'
  | 'sensors'
  | 'weather'
  | 'registry'
  | 'build'
  | 'tests'
  | 'nightly'
  | 'housekeeping';

export interface Failure {
  readonly since: Date;
  /** Without secrets. */
  readonly message: string;
  /** How often it has failed since. */
  readonly count: number;
}

/** Different things a failing subject may say before further ones are only counted. */
const mostMessages = 5;

/**
 * Remembers what fails, and writes one line where that changes: the first failure, another reason, the recovery. The same
 * failure again is only counted.
 */
export class Conditions {
  readonly #log: WatchLog;
  readonly #clock: () => Date;
  readonly #failing = new Map<
    Subject,
    { since: Date; started: number; message: string; count: number; told: Set<string> }
  >();

  constructor(log: WatchLog, clock: () => Date) {
    this.#log = log;
    this.#clock = clock;
  }

  failing(): ReadonlyMap<Subject, Failure> {
    return this.#failing;
  }

  /**
   * @param hint what follows from it, said with the first failure only.
   * @param kind what makes two failures the same where their messages name one file or another.
   */
  failed(subject: Subject, message: string, hint = '', kind = message): void {
    const before = this.#failing.get(subject);
    const entry = before ?? {
      since: this.#clock(),
      started: performance.now(),
      message,
      count: 0,
      told: new Set<string>(),
    };
    entry.message = message;
    entry.count += 1;
    this.#failing.set(subject, entry);
    // A server that goes and comes back says something else at every stage; that it is gone has been said.
    const isNews =
      before === undefined || (subject !== 'database' && !entry.told.has(kind) && entry.told.size < mostMessages);
    entry.told.add(kind);
    if (!isNews) return;
    const text = `${subject}: ${message}${hint === '' || before !== undefined ? '' : `${endOf(message)} ${hint}`}`;
    this.#log.write('error', `${subject} failed`, text, { message, failures: entry.count });
  }

  /** Says so, if it had failed. */
  recovered(subject: Subject): void {
    const entry = this.#failing.get(subject);
    if (entry === undefined) return;
    this.#failing.delete(subject);
    // Not by the wall clock, which may have jumped.
    const lasted = performance.now() - entry.started;
    const times = entry.count === 1 ? 'one failure' : `${entry.count} failures`;
    this.#log.write('info', `${subject} recovered`, `${subject}: works again after ${inWords(lasted)} (${times})`, {
      seconds: Math.round(lasted / 1000),
      failures: entry.count,
    });
  }
}

function endOf(sentence: string): string {
  return /[.!?]$/.test(sentence) ? '' : '.';
}
