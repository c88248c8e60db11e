import { setTimeout as sleep } from 'node:timers/promises';
import { DatacycleError } from '../../warehouse/errors.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { LoadBusyError } from '../landing/errors.ts';
import type { SourceName } from '../landing/summary.ts';

/** How long, in milliseconds, and how often to wait for a load: it wants the same files. */
const busyWaitMs = 250;
const busyWaits = 120;

/** Housekeeping was asked to stop. */
export class HousekeepingInterruptedError extends DatacycleError {
  constructor() {
    super({
      what: 'housekeeping was interrupted; what it had finished stays so',
      hint: 'Start it again: it goes on where it stopped.',
    });
  }
}

/** @throws HousekeepingInterruptedError after `signal`. */
export function checkpoint(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new HousekeepingInterruptedError();
}

/**
 * Does `work` while no load of the source runs, since loading from Bronze must not read a file that is being deleted. Keep it
 * short, so that a load does not wait for long.
 * @throws LoadBusyError if a load goes on for longer than half a minute; HousekeepingInterruptedError after `signal`.
 */
export async function whileNotLoading<T>(
  warehouse: Warehouse,
  source: SourceName,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  for (let waits = 0; ; waits += 1) {
    checkpoint(signal);
    const outcome = await warehouse.exclusive(`load ${source}`, work);
    if (outcome.held) return outcome.value;
    if (waits === busyWaits) {
      throw new LoadBusyError({
        what: `${source} is being loaded by ${outcome.holder}`,
        hint: 'Wait until it is done; what was finished before stays so.',
      });
    }
    await sleep(busyWaitMs);
  }
}
