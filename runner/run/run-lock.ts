import type { Warehouse } from '../../warehouse/warehouse.ts';
import { RunBusyError } from '../text/errors.ts';

/** The message if another session holds the lock; the holder is named after `what`. */
export interface Busy {
  readonly what: string;
  readonly hint: string;
}

/**
 * Holds the lock of the database during `work`: a run, or other work that changes its tables.
 * @param work gets a signal to stop: the user's, or because the lock was lost and another session may take it.
 * @throws RunBusyError naming the holder.
 */
export async function underRunLock<T>(
  warehouse: Warehouse,
  signal: AbortSignal | undefined,
  busy: Busy,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const locked = await warehouse.exclusive('run', (lost) =>
    work(signal === undefined ? lost : AbortSignal.any([signal, lost])),
  );
  if (locked.held) return locked.value;
  throw new RunBusyError({ what: `${busy.what} is going on in this database: ${locked.holder}`, hint: busy.hint });
}
