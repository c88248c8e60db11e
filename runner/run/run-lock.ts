import type { Warehouse } from '../../warehouse/warehouse.ts';
import { RunBusyError } from '../text/errors.ts';

/** The message if another session holds the lock; the holder is named after `what`. */
export interface Busy {
  readonly what: string;
  readonly hint: string;
}

/**
 * Does what nobody else may do meanwhile in this database: a run, or what changes its tables beside runs.
 * @param work told to stop by the signal: the user's, or because the lock was lost and somebody else may begin.
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
