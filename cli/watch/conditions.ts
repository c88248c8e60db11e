import { inWords } from './timing.ts';
import type { WatchLog } from './watch-log.ts';

/** What may work or fail, each on its own. */
export type Subject =
  | 'watch'
  | 'database'
  | 'sensors'
  | 'weather'
  | 'registry'
  | 'stream'
  | 'build'
  | 'tests'
  | 'nightly'
  | 'predictions'
  | 'predictors'
  | 'training'
  | 'housekeeping'
  | 'exports'
  | 'publishing';

export interface Failure {
  readonly since: Date;
  /** Without secrets. */
  readonly message: string;
  /** How often it has failed since. */
  readonly count: number;
}

/** Different things a failing subject may say before further ones are only counted. */
const mostMessages = 5;

export interface FailureOptions {
  /** What makes two failures the same where their messages name one file or another; without it, their message. */
  readonly kind?: string;
  /** It needs a person, so it is logged at once, whether or not the database is available. */
  readonly tellAtOnce?: boolean;
}

/** How often a new reason for the database's failure must occur before the log reports it as changed. */
const lastingTries = 2;

interface Failing {
  readonly since: Date;
  readonly started: number;
  message: string;
  count: number;
  /** How often each kind has come. */
  readonly times: Map<string, number>;
  readonly reported: Set<string>;
}

/**
 * Records what fails, and writes one line where that changes: the first failure, another reason, the recovery. The same
 * failure again is only counted.
 */
export class Conditions {
  readonly #log: WatchLog;
  readonly #clock: () => Date;
  readonly #failing = new Map<Subject, Failing>();

  constructor(log: WatchLog, clock: () => Date) {
    this.#log = log;
    this.#clock = clock;
  }

  failing(): ReadonlyMap<Subject, Failure> {
    return this.#failing;
  }

  /** @param hint what follows from it, said with the first failure only. */
  failed(subject: Subject, message: string, hint = '', options: FailureOptions = {}): void {
    const { kind = message, tellAtOnce = false } = options;
    const before = this.#failing.get(subject);
    const entry: Failing = before ?? {
      since: this.#clock(),
      started: performance.now(),
      message,
      count: 0,
      times: new Map(),
      reported: new Set(),
    };
    entry.message = message;
    entry.count += 1;
    this.#failing.set(subject, entry);
    const times = (entry.times.get(kind) ?? 0) + 1;
    if (entry.reported.has(kind) || entry.reported.size >= mostMessages) return;
    entry.times.set(kind, times);
    // A server that stops and starts gives another error at every stage; only a reason that lasts is news.
    const isPassing = subject === 'database' && !tellAtOnce && times < lastingTries;
    if (before !== undefined && isPassing) return;
    entry.reported.add(kind);
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
