import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Queryable } from '../warehouse/warehouse.ts';
import { type Candidate, candidateAt } from './candidate.ts';
import { systemCode } from './errors.ts';
import { atOnce } from './in-order.ts';
import { unknownToLedger } from './ledger.ts';
import type { SensorNames } from './sensor-name.ts';

/** Minutes of names tested at once, and so many in a row with nothing there end the search. */
const gapMinutes = 10;

/** Clocks differ: names up to this far ahead of ours are looked for. */
export const aheadMinutes = 2;

export interface Prediction {
  readonly share: string;
  readonly names: SensorNames;
  /** The newest minute landed, in minutes since 1970. */
  readonly newest: number;
  /** The time now, in minutes since 1970. */
  readonly now: number;
  /** Throws to stop. */
  readonly checkpoint: () => void;
}

/**
 * Looks for the files that should come next, without listing the share: name after name from the newest landed one on,
 * until 10 minutes in a row have nothing. The 10 minutes before are looked at too, for a file that came a little late.
 */
export async function predictSensors(on: Queryable, prediction: Prediction): Promise<Candidate[]> {
  const { newest, now, checkpoint } = prediction;
  const found: Candidate[] = [];
  let empty = 0;
  for (let from = newest - gapMinutes + 1; ; from += gapMinutes) {
    checkpoint();
    const minutes = Array.from({ length: gapMinutes }, (_, index) => from + index).filter(
      (minute) => minute <= now + aheadMinutes,
    );
    const present = await presentIn(on, prediction, minutes, found);
    for (const minute of minutes) {
      if (minute <= newest) continue;
      empty = present.has(minute) ? 0 : empty + 1;
      if (empty >= gapMinutes) return found;
    }
    if (minutes.length < gapMinutes) return found;
  }
}

/** Adds to `found` the files of these minutes that are new; returns the minutes that have files, new or not. */
async function presentIn(
  on: Queryable,
  { share, names }: Prediction,
  minutes: readonly number[],
  found: Candidate[],
): Promise<Set<number>> {
  const minuteOf = new Map(minutes.flatMap((minute) => names.expected(minute).map((name) => [name, minute] as const)));
  const unknown = await unknownToLedger(on, [...minuteOf.keys()].map(candidateAt));
  const unknownNames = new Set(unknown.map(({ name }) => name));
  const present = new Set([...minuteOf].filter(([name]) => !unknownNames.has(name)).map(([, minute]) => minute));
  await atOnce(unknown, 64, async ({ name }) => {
    for (const path of [name, `${name}.gz`]) {
      if (!(await exists(join(share, path)))) continue;
      found.push({ name, path });
      present.add(minuteOf.get(name) ?? Number.NaN);
      return;
    }
  });
  return present;
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    // Whatever else is wrong with it, it is there; reading it will tell.
    return !['ENOENT', 'ENOTDIR'].includes(systemCode(error));
  }
}
