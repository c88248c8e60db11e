import { asArrived } from './damage.ts';
import { applyFaults } from './faults.ts';
import type { Apartment } from './household/apartment.ts';
import { fileName, localOffset, minutesOfDay } from './household/clock.ts';
import { household } from './household/household.ts';
import { jeremie } from './household/jeremie.ts';
import { jimmy } from './household/jimmy.ts';
import { weather } from './household/outdoors.ts';
import { payload } from './household/payload.ts';
import { seededRandom } from './household/random.ts';

export interface SampleFile {
  readonly name: string;
  readonly content: Buffer;
  /** A loader has to refuse this file. */
  readonly rejected: boolean;
}

const apartments: readonly Apartment[] = [jeremie, jimmy];

/** How many files the sample day has: one a minute and apartment. */
export const sampleFileCount = minutesOfDay * apartments.length;

/** The files of the sample day in order of time, made one by one: the day is never in memory as a whole. */
export function* sampleFiles(): Generator<SampleFile, void> {
  const weatherAt = weather(seededRandom(46));
  const homes = apartments.map((apartment) => ({
    apartment,
    momentAt: household(apartment),
    random: seededRandom(apartment.seed + 1),
  }));
  // The day of the files begins at two in the morning on the wall; the hours before settle the air in the rooms.
  for (let minute = 0; minute < localOffset + minutesOfDay; minute += 1) {
    const outdoors = weatherAt(minute);
    const utcMinute = minute - localOffset;
    for (const { apartment, momentAt, random } of homes) {
      const moment = momentAt(minute, outdoors);
      if (utcMinute < 0) continue;
      const { owner } = apartment;
      const measured = payload(owner, utcMinute, moment, apartment.outdoorBattery, random);
      const contents = JSON.stringify(applyFaults(measured, owner, utcMinute), null, 2);
      const { text, rejected } = asArrived(contents, owner, utcMinute);
      yield { name: fileName(owner, utcMinute), content: Buffer.from(text, 'utf8'), rejected };
    }
  }
}
