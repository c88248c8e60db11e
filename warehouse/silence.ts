import { ConnectionError } from './errors.ts';

/** A connection on which a statement is in flight. */
export interface Listening {
  /** The server process that works for it. */
  readonly pid: number;
  /** Counts what came in and went out. */
  bytes(): number;
  /** Whether something waits to be sent. */
  isSending(): boolean;
  /** Breaks it: the statement fails with this error. */
  break(error: ConnectionError): void;
}

/** What a process does that is not idle: `waits` for its client to send more of a COPY, or `works`. */
export type Doing = 'works' | 'waits';

export interface SilenceOptions {
  /** The peer, for messages. */
  readonly name: string;
  /** After so many milliseconds without any answer the peer counts as away. */
  readonly patienceMs: number;
  /**
   * Asks the server over a connection of its own what these processes do; one that is missing is idle or has ended.
   * Undefined: the server answers, but not to that.
   * @throws Error if it does not answer.
   */
  ask(pids: readonly number[], limitMs: number): Promise<ReadonlyMap<number, Doing> | undefined>;
}

interface Heard {
  bytes: number;
  since: number;
  /** How often in a row the server has said that it does nothing for this connection. */
  doubts: number;
  /** How much waits for an answer on it. */
  works: number;
}

/**
 * Notices that a connection will never be answered: a firewall drops its packets, the cable is out, the server hangs. TCP alone
 * waits a quarter of an hour for what it has sent, and a statement may rightly take hours. So where nothing has come for a
 * while the server is asked, over another connection, whether it still works for this one.
 */
export class Silence {
  readonly #options: SilenceOptions;
  readonly #heard = new Map<Listening, Heard>();
  #timer: NodeJS.Timeout | undefined;
  #isAsking = false;
  #nextAsk = 0;
  #failures = 0;
  /** When the server answered last, over whichever connection. */
  #answered = 0;

  constructor(options: SilenceOptions) {
    this.#options = options;
  }

  /** Runs `work`, which waits for an answer on this connection. */
  async during<T>(on: Listening, work: () => Promise<T>): Promise<T> {
    const heard = this.#heard.get(on) ?? { bytes: on.bytes(), since: performance.now(), doubts: 0, works: 0 };
    heard.works += 1;
    this.#heard.set(on, heard);
    this.#timer ??= setInterval(() => this.#look(), this.#options.patienceMs / 30).unref();
    try {
      return await work();
    } finally {
      heard.works -= 1;
      if (heard.works === 0) this.#heard.delete(on);
      if (this.#heard.size === 0) {
        clearInterval(this.#timer);
        this.#timer = undefined;
        this.#failures = 0;
      }
    }
  }

  #look(): void {
    const now = performance.now();
    const { patienceMs } = this.#options;
    const silent: Listening[] = [];
    for (const [on, heard] of this.#heard) {
      const bytes = on.bytes();
      if (bytes !== heard.bytes) Object.assign(heard, { bytes, since: now, doubts: 0 });
      if (now - heard.since >= patienceMs / 6) silent.push(on);
    }
    if (silent.length === 0 || this.#isAsking || now < this.#nextAsk) return;
    this.#isAsking = true;
    void this.#ask(silent).finally(() => {
      this.#isAsking = false;
    });
  }

  async #ask(silent: readonly Listening[]): Promise<void> {
    const { patienceMs, name, ask } = this.#options;
    let doing: ReadonlyMap<number, Doing> | undefined;
    try {
      doing = await ask(
        silent.map(({ pid }) => pid),
        patienceMs / (this.#failures > 0 ? 15 : 6),
      );
    } catch {
      this.#failures += 1;
      this.#nextAsk = performance.now() + patienceMs / 60;
      if (this.#failures < 2) return;
      for (const on of silent) {
        const heard = this.#heard.get(on);
        if (heard === undefined || on.bytes() !== heard.bytes) continue;
        const quiet = performance.now() - Math.max(heard.since, this.#answered);
        if (quiet >= patienceMs) on.break(this.#lost(`${name} has not answered for ${Math.round(quiet / 1000)} s`));
      }
      return;
    }
    const isBack = this.#failures > 0;
    this.#failures = 0;
    this.#answered = performance.now();
    let isDoubted = false;
    for (const on of silent) {
      const heard = this.#heard.get(on);
      if (heard === undefined || doing === undefined || on.bytes() !== heard.bytes) continue;
      const says = doing.get(on.pid);
      if (says === 'works' || (says === 'waits' && !on.isSending())) {
        heard.doubts = 0;
        continue;
      }
      heard.doubts += 1;
      isDoubted = true;
      const quiet = Math.round((performance.now() - heard.since) / 1000);
      if (heard.doubts > (isBack ? 1 : 2))
        on.break(this.#lost(`${name} answers, but for ${quiet} s not on this connection`));
    }
    this.#nextAsk = performance.now() + patienceMs / (isDoubted ? 60 : 2);
  }

  #lost(what: string): ConnectionError {
    return new ConnectionError({
      what: `the connection to the database was lost: ${what}`,
      hint: 'Check the network and any firewall in between, and whether the server hangs. Then run it again.',
    });
  }
}
