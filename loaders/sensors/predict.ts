import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { systemCode } from '../landing/errors.ts';
import { atOnce } from '../landing/in-order.ts';
import type { Candidate } from './candidate.ts';
import { dueOf } from './due.ts';
import { knownFiles } from './ledger.ts';
import type { SensorNames } from './name.ts';
import type { Reach } from './share-access.ts';

/** Minutes of names tested at once, and so many in a row with nothing there end the search. */
const gapMinutes = 10;

/** Clocks differ: names up to this far ahead of ours are looked for. */
export const aheadMinutes = 2;

export interface Prediction {
  readonly share: string;
  readonly reach: Reach;
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
 * until 10 minutes in a row have nothing. The 10 minutes before are looked at too, for a file that came a little late,
 * and the last 10 minutes up to now: after a longer silence the files go on there. What may lie in between, and was
 * written late, a full listing finds.
 */
export async function predictSensors(on: Queryable, prediction: Prediction): Promise<Candidate[]> {
  const { now, checkpoint } = prediction;
  const found: Candidate[] = [];
  const reached = await follow(on, prediction, found);
  const from = Math.max(reached + 1, now - gapMinutes + 1);
  const recent = Array.from({ length: Math.max(0, now + aheadMinutes - from + 1) }, (_, index) => from + index);
  if (recent.length === 0) return found;
  checkpoint();
  const there = await filesOf(on, prediction, recent);
  for (const minute of recent) found.push(...(there.get(minute) ?? []));
  return found;
}

/** Adds what follows the newest file without a gap; returns the last minute looked at. */
async function follow(on: Queryable, prediction: Prediction, found: Candidate[]): Promise<number> {
  const { newest, now, checkpoint } = prediction;
  let empty = 0;
  for (let from = newest - gapMinutes + 1; ; from += gapMinutes) {
    checkpoint();
    const minutes = Array.from({ length: gapMinutes }, (_, index) => from + index).filter(
      (minute) => minute <= now + aheadMinutes,
    );
    const there = await filesOf(on, prediction, minutes);
    for (const minute of minutes) {
      const files = there.get(minute);
      if (minute > newest) empty = files === undefined ? empty + 1 : 0;
      if (empty >= gapMinutes) return minute;
      found.push(...(files ?? []));
    }
    if (minutes.length < gapMinutes) return now + aheadMinutes;
  }
}

/** For each of these minutes that has files: those of them that have to be judged, maybe none. */
async function filesOf(
  on: Queryable,
  { share, reach, names }: Prediction,
  minutes: readonly number[],
): Promise<Map<number, Candidate[]>> {
  const expected = minutes.flatMap((minute) => names.expected(minute).map((name) => ({ minute, name })));
  const known = await knownFiles(on, expected);
  const there = new Map<number, Candidate[]>();
  const found: Candidate[] = [];
  await atOnce(expected, 64, async ({ minute, name }) => {
    const before = known.get(name);
    const path = before === 'landed' ? undefined : await pathOf(share, reach, name);
    if (before === undefined && path === undefined) return;
    if (!there.has(minute)) there.set(minute, []);
    if (path !== undefined) found.push({ name, path });
  });
  for (const due of await dueOf(known, { share, reach, names }, found)) {
    there.get(names.read(due.name).minute ?? Number.NaN)?.push(due);
  }
  return there;
}

/** The file of this name, plain or compressed, in either of Unicode's forms, if there is one. */
async function pathOf(share: string, reach: Reach, name: string): Promise<string | undefined> {
  for (const form of new Set([name, name.normalize('NFD')]))
    for (const path of [form, `${form}.gz`]) if (await reach(() => exists(join(share, path)))) return path;
  return undefined;
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
