import { ConnectionError } from '../../warehouse/errors.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { Conditions } from './conditions.ts';

/**
 * How long a short question to the database may take before it counts as away, in milliseconds: an interval, from 10 to 30 s. As the pause
 * before the next try is an interval at most, a watcher with 10 s or more is at work two intervals after the database is back.
 */
export function answerWithin(intervalMs: number): number {
  return Math.min(30_000, Math.max(10_000, intervalMs));
}

/**
 * Asks the database something short. A server that hangs, or a network that swallows everything, breaks no connection:
 * without a limit the watcher would wait for ever, and say nothing.
 * @param ask goes on unheard once it is late.
 * @throws ConnectionError if there is no answer in time; whatever `ask` throws.
 */
export async function answered<T>(warehouse: Warehouse, ask: () => Promise<T>, limitMs: number): Promise<T> {
  // The embedded database is in this process: there a question waits until the build before it is done.
  if (warehouse.kind === 'pglite') return ask();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(silent(warehouse)), limitMs);
  });
  try {
    return await Promise.race([ask(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** That the database is connected and says nothing. */
export function silent(warehouse: Warehouse): ConnectionError {
  return new ConnectionError({
    what: `cannot work with ${warehouse.address}: it does not answer`,
    hint: 'Check whether the server hangs or is overloaded, and the network in between.',
  });
}

/** Closes a database at the end of the process; one that does not answer is waited for no longer than this. */
const closeMs = 2000;

/** Closes `warehouse`. Over a connection that hangs that never ends; the process does, which closes it as well. */
export async function closeSoon(warehouse: Warehouse): Promise<void> {
  // What the embedded database has not written yet would be lost.
  if (warehouse.kind === 'pglite') return warehouse.close();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, closeMs);
  });
  await Promise.race([warehouse.close(), late]);
  clearTimeout(timer);
}

/** What a person has to put right, as PostgreSQL calls it: no such user, wrong password, no such database. */
const hopeless = ['28000', '28P01', '3D000'];

/** Whether trying again will not help. */
export function isHopeless({ cause }: ConnectionError): boolean {
  return cause instanceof Error && 'code' in cause && hopeless.includes(String(cause.code));
}

/**
 * Notes that the database cannot be worked with. A network that drops everything gives another error at every stage (a statement
 * that is not answered, a connection that is not made): they are one trouble.
 */
export function databaseFailed(conditions: Conditions, error: ConnectionError, hint: string): void {
  const { cause } = error;
  const isAnswer = cause instanceof Error && 'code' in cause && /^\w{5}$/.test(String(cause.code));
  const tellAtOnce = isHopeless(error);
  conditions.failed('database', error.message, hint, isAnswer ? { tellAtOnce } : { kind: 'no answer', tellAtOnce });
}
