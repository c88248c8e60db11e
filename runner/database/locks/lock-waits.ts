// What becomes of a transaction because of other sessions:
//
//   1. lock-waits.ts   runs it, and asks beside it whether a statement waits for a lock and for whom
//   2. blockers.ts     what PostgreSQL says of that
//   3. retry.ts        runs it again after a deadlock and the like
//   4. shared-lock.ts  the lock in this process by which transactions that disturb each other run alone at last
//
// At the end it has committed, or failed for a reason of its own, or because another session blocked it for too long; the message names that session.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Isolation, Session, Warehouse } from '../../../warehouse/warehouse.ts';
import { NodeError } from '../../text/errors.ts';
import { sqlTokens } from '../../text/sql-tokens.ts';
import { type Blocker, cancelWaiting, stillThere, type Waiting, waitingOf } from './blockers.ts';
import { retrying } from './retry.ts';
import type { SharedLock } from './shared-lock.ts';

/** How long a statement may wait for a lock while others wait for it in their turn, in milliseconds. */
const heldUpMs = 3000;

/** How often a statement that takes long is asked whether it waits for a lock, in milliseconds. */
const askMs = 500;

/** How long nothing is asked after a question that the database refused, for want of a connection above all. */
const refusedMs = 10_000;

/** How often is asked whether a transaction has ended, in milliseconds. */
const overMs = 500;

/** How long, in milliseconds, a change of the blocking sessions is not reported again. */
const reportMs = 30_000;

/** How long work waits for the transactions of others in all, in milliseconds. */
const defaultLimitMs = 5 * 60_000;

/** Others held a lock for so long that the work was given up. */
export class LockHeldError extends NodeError {}

export interface LockWaitOptions {
  readonly limitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told for whom the work of this name waits, in words; undefined once it goes on. */
  readonly onWait?: ((name: string, whom: string | undefined) => void) | undefined;
}

export interface TransactionOptions {
  readonly isolation?: Isolation | undefined;
  /** Shared by all work that may conflict. */
  readonly lock?: SharedLock | undefined;
}

/** The waiting of one piece of work. */
interface Unit {
  readonly name: string;
  /** Before it was tried again, in milliseconds. */
  waitedMs: number;
  /** The sessions that it waits for, as last reported. */
  reported: string | undefined;
  /** By the clock that never jumps. */
  reportedAt: number;
  /** Its statement was cancelled because of these. */
  cancelledFor: readonly Blocker[] | undefined;
}

type Outcome<T> =
  | { readonly done: true; readonly value: T }
  | { readonly done: false; readonly blockers: readonly Blocker[] };

/**
 * Transactions that do not block readers for long. PostgreSQL queues locks: a reader of a table waits behind a statement that waits
 * for an exclusive lock on it, so that one open transaction of a reader blocks all others. A statement that waits while
 * others wait for it is cancelled after three seconds; its transaction is rolled back, and is run again once the transactions that
 * block it have ended. A wait that blocks no other session is not cancelled.
 */
export class LockWaits {
  readonly #warehouse: Warehouse;
  readonly #options: LockWaitOptions;
  readonly #limitMs: number;
  /** When each transaction of others was first seen to block, by a monotonic clock. */
  readonly #since = new Map<string, number>();

  constructor(warehouse: Warehouse, options: LockWaitOptions = {}) {
    this.#warehouse = warehouse;
    this.#options = options;
    this.#limitMs = options.limitMs ?? defaultLimitMs;
  }

  /**
   * Runs `work` in one transaction, and again if it failed because of another session.
   * @param name of what is worked on, for messages.
   * @throws LockHeldError naming the session that blocked for too long.
   */
  async transaction<T>(
    name: string,
    work: (session: Session) => Promise<T>,
    { isolation, lock }: TransactionOptions = {},
  ): Promise<T> {
    return this.#untilDone(name, (unit) => {
      const once = () => this.#warehouse.transaction((session) => work(this.#watched(unit, session)), isolation);
      return retrying(() => this.#attempt(unit, once), lock);
    });
  }

  /**
   * The session, outside a transaction: a statement that holds up readers is cancelled and run again in the same way. What may have
   * committed a part of its work by then is left alone.
   */
  outside(name: string, session: Session): Session {
    return {
      ...session,
      query: (sql, params, values) =>
        isWhole(sql)
          ? this.#untilDone(name, (unit) =>
              this.#attempt(unit, () => this.#watched(unit, session).query(sql, params, values)),
            )
          : session.query(sql, params, values),
    };
  }

  async #untilDone<T>(name: string, attempt: (unit: Unit) => Promise<Outcome<T>>): Promise<T> {
    const unit: Unit = { name, waitedMs: 0, reported: undefined, reportedAt: 0, cancelledFor: undefined };
    try {
      for (;;) {
        const outcome = await attempt(unit);
        if (outcome.done) return outcome.value;
        await this.#untilOver(unit, outcome.blockers);
      }
    } finally {
      this.#tell(unit, []);
    }
  }

  async #attempt<T>(unit: Unit, work: () => Promise<T>): Promise<Outcome<T>> {
    unit.cancelledFor = undefined;
    try {
      return { done: true, value: await work() };
    } catch (error) {
      if (unit.cancelledFor === undefined || this.#options.signal?.aborted === true) throw error;
      return { done: false, blockers: unit.cancelledFor };
    }
  }

  /** The session, its statements watched. The embedded database has no other sessions. */
  #watched(unit: Unit, session: Session): Session {
    const { process } = session;
    if (process === undefined) return session;
    return {
      ...session,
      query: (sql, params, values) => this.#during(unit, process, () => session.query(sql, params, values)),
      copyIn: (sql, chunks) => this.#during(unit, process, () => session.copyIn(sql, chunks)),
    };
  }

  async #during<T>(unit: Unit, process: number, work: () => Promise<T>): Promise<T> {
    let isOver = false;
    let isAsking = false;
    let notBefore = 0;
    let cancelling: Promise<void> | undefined;
    const ask = async () => {
      if (isAsking || performance.now() < notBefore) return;
      isAsking = true;
      // Without an answer it waits as it would without being asked.
      const waiting = await waitingOf(this.#warehouse, process).catch(() => {
        notBefore = performance.now() + refusedMs;
        return undefined;
      });
      if (isOver) return;
      this.#tell(unit, waiting?.blockers ?? []);
      if (waiting !== undefined && this.#isToCancel(unit, waiting)) cancelling = this.#cancel(unit, process, waiting);
      await cancelling;
      isAsking = false;
    };
    const timer = setInterval(() => void ask(), askMs);
    try {
      return await work();
    } finally {
      isOver = true;
      clearInterval(timer);
      // It must not meet the next statement, or another transaction.
      await cancelling;
    }
  }

  /** Whether a statement is to be cancelled, since it blocks others or waits for too long. */
  #isToCancel(unit: Unit, { blockers, waitedMs, held }: Waiting): boolean {
    return (held > 0 && waitedMs >= heldUpMs) || this.#isTooLong(unit, blockers, waitedMs);
  }

  async #cancel(unit: Unit, process: number, waiting: Waiting): Promise<void> {
    const cancelled = await cancelWaiting(this.#warehouse, process).catch(() => false);
    if (!cancelled) return;
    unit.cancelledFor = waiting.blockers;
    unit.waitedMs += waiting.waitedMs;
  }

  /** Waits, without asking for any lock, until these transactions have ended. @throws LockHeldError */
  async #untilOver(unit: Unit, blockers: readonly Blocker[]): Promise<void> {
    const { signal } = this.#options;
    // However soon these end, others may follow them for ever.
    if (this.#isTooLong(unit, blockers, 0)) throw this.#lockHeld(unit, blockers);
    const began = performance.now();
    for (;;) {
      const left = await stillThere(this.#warehouse, blockers);
      if (left.length === 0) break;
      this.#tell(unit, left);
      if (this.#isTooLong(unit, left, performance.now() - began)) throw this.#lockHeld(unit, left);
      await sleep(overMs, undefined, { signal });
    }
    unit.waitedMs += performance.now() - began;
  }

  /** Transactions of this process end by themselves. */
  #isTooLong(unit: Unit, blockers: readonly Blocker[], waitedMs: number): boolean {
    const others = blockers.filter(({ own }) => !own);
    if (others.length === 0) return false;
    const now = performance.now();
    const since = others.map((one) => this.#since.get(keyOf(one)) ?? now);
    return unit.waitedMs + waitedMs >= this.#limitMs || now - Math.min(...since) >= this.#limitMs;
  }

  #tell(unit: Unit, blockers: readonly Blocker[]): void {
    const others = blockers.filter(({ own }) => !own);
    for (const one of others) if (!this.#since.has(keyOf(one))) this.#since.set(keyOf(one), performance.now());
    const whom = others.length === 0 ? undefined : others.map(({ words }) => words).join(', ');
    const who = others.length === 0 ? undefined : others.map(keyOf).join();
    if (who === unit.reported) return;
    const isSameWait = who !== undefined && unit.reported !== undefined;
    if (isSameWait && performance.now() - unit.reportedAt < reportMs) return;
    unit.reported = who;
    unit.reportedAt = performance.now();
    this.#options.onWait?.(unit.name, whom);
  }

  #lockHeld({ name }: Unit, blockers: readonly Blocker[]): LockHeldError {
    const others = blockers.filter(({ own }) => !own);
    const ends = others.map(({ pid }) =>
      pid === 0 ? 'rollback prepared (see its gid in pg_prepared_xacts)' : `select pg_terminate_backend(${pid});`,
    );
    return new LockHeldError({
      what: `${name}: waited ${inWords(this.#limitMs)} for a lock; blocked by ${others.map(({ words }) => words).join(', ')}`,
      hint: `It is as it was before, and readers went on. Run it again when that transaction has ended, or end it as its user or a superuser: ${ends.join(' ')}`,
    });
  }
}

/** Whether a statement outside a transaction does all of its work or none. */
function isWhole(sql: string): boolean {
  const [first, ...others] = [...sqlTokens(sql)]
    .filter(({ kind }) => kind === 'word')
    .map(({ text }) => text.toLowerCase());
  return !['call', 'do', 'reindex', 'vacuum'].includes(first ?? '') && !others.includes('concurrently');
}

function keyOf({ pid, transaction }: Blocker): string {
  return `${pid} ${transaction ?? ''}`;
}

function inWords(ms: number): string {
  return ms >= 120_000 ? `${Math.round(ms / 60_000)} minutes` : `${Math.round(ms / 1000)} s`;
}
