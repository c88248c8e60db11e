import { ConnectionError } from '../../warehouse/errors.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';

/** How long a short question to the database may take before it counts as away, in milliseconds. */
export const answerMs = 30_000;

/**
 * Asks the database something short. A server that hangs, or a network that swallows everything, breaks no connection:
 * without a limit the watcher would wait for ever, and say nothing.
 * @param ask goes on unheard once it is late.
 * @throws ConnectionError if there is no answer in time; whatever `ask` throws.
 */
export async function answered<T>(warehouse: Warehouse, ask: () => Promise<T>, limitMs = answerMs): Promise<T> {
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
