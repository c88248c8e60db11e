import { setTimeout as sleep } from 'node:timers/promises';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { LoadBusyError } from '../landing/errors.ts';

/** How long, in milliseconds, and how often to wait for another load: most take a moment only. */
const busyWaitMs = 200;
const busyWaits = 5;

/** Does `work` while no other process lands sensor files. @throws LoadBusyError */
export async function whileAlone<T>(warehouse: Warehouse, work: (lost: AbortSignal) => Promise<T>): Promise<T> {
  for (let waits = 0; ; waits += 1) {
    const outcome = await warehouse.exclusive('load sensors', work);
    if (outcome.held) return outcome.value;
    if (waits === busyWaits) {
      throw new LoadBusyError({
        what: `sensor files are being loaded by ${outcome.holder}`,
        hint: 'Wait until it is done.',
      });
    }
    await sleep(busyWaitMs);
  }
}
