import { type Apartment, apartmentFault } from '../landing/apartment.ts';
import { rejectedFolder } from '../landing/bronze.ts';
import { SourceError } from '../landing/errors.ts';
import type { SubjectRule } from '../tombstones/rule.ts';

/** What a file name says, or why it says nothing. `minute` is in minutes since 1970, UTC. */
export type SensorName =
  | { readonly known: true; readonly apartment: string; readonly minute: number }
  | { readonly known: false; readonly reason: string; readonly minute: number | undefined };

const noTime = 'the name has no readable time';
const noSuchTime = 'the time in the name does not exist';
const unknownOwner = 'the owner in the name is unknown';

/** Whether a file was rejected for its name alone. */
export function isNameReason(reason: string): boolean {
  return [noTime, noSuchTime, unknownOwner].includes(reason) || reason.startsWith(implausibleName);
}

/** How the reason begins that a time is {@link PlausibleTimes implausible}. */
const implausibleName = 'the time in the name is ';

/** Readings of other times come from a broken clock: a single one would give every day since, or until then, a row. */
export interface PlausibleTimes {
  /** The first plausible day; its first minute is, UTC. */
  readonly from: Date;
  /** By how much a reading may be ahead of the clock when it is landed. */
  readonly hoursAhead: number;
}

/** What holds where the settings say nothing else. */
export const plausibleTimes: PlausibleTimes = { from: new Date('2020-01-01T00:00:00Z'), hoursAhead: 24 };

/** Why a minute is not plausible; undefined if it is. */
export function implausible(minute: number, { from, hoursAhead }: PlausibleTimes, now: Date): string | undefined {
  const time = minute * 60_000;
  if (time < from.getTime()) return `before ${from.toISOString().slice(0, 10)} (sensor_min_date)`;
  if (time > now.getTime() + hoursAhead * 3_600_000)
    return `more than ${hoursAhead} h after it was landed (sensor_max_hours_ahead)`;
  return undefined;
}

/** The minute since 1970 of these parts of a time (day, month, year, hour, minute), UTC; undefined if there is no such time. */
export function minuteOf(parts: readonly (string | undefined)[]): number | undefined {
  const [day, month, year, hour, minute] = parts;
  const time = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute)));
  // Date.UTC turns 31.02. into 3 March, 25:61 into the next day and the year 99 into 1999.
  return time.toISOString() === `${year}-${month}-${day}T${hour}:${minute}:00.000Z`
    ? time.getTime() / 60_000
    : undefined;
}

const pattern = /^(\d\d)\.(\d\d)\.(\d{4}) (\d\d)(\d\d)_(.+)_received\.json$/s;

/** The owner that a name names, whether or not the rest of it makes sense; undefined if it is no such name. */
export function ownerIn(name: string): string | undefined {
  return pattern.exec(name)?.[6];
}

/** Reads names such as `18.08.2023 1000_JimmyLoup_received.json`. */
export class SensorNames {
  readonly #apartments: ReadonlyMap<string, string>;
  /** The owners whose files are expected. */
  readonly #owners: readonly string[];
  readonly #times: PlausibleTimes;
  readonly #clock: () => Date;

  /**
   * @param erased the erased apartments: no file of theirs is expected any more.
   * @throws SourceError if there is no apartment and none was erased, or one cannot be part of a path.
   */
  constructor(
    apartments: readonly Apartment[],
    erased?: Pick<SubjectRule, 'size' | 'hasOwner'>,
    times: PlausibleTimes = plausibleTimes,
    clock: () => Date = () => new Date(),
  ) {
    this.#times = times;
    this.#clock = clock;
    for (const apartment of apartments) {
      const fault = apartmentFault(apartment);
      if (fault !== undefined) throw new SourceError(fault);
    }
    this.#apartments = new Map(apartments.map(({ id, owner }) => [owner.normalize('NFC'), id]));
    this.#owners = [...this.#apartments.keys()].filter((owner) => erased?.hasOwner(owner) !== true);
    const hasNone = apartments.length === 0 && (erased?.size ?? 0) === 0;
    if (hasNone || this.#apartments.size < apartments.length) {
      throw new SourceError({
        what: hasNone ? 'no apartment is configured' : 'two apartments have the same owner',
        hint: 'List each apartment once, with its id and its owner as in the names of the sensor files.',
      });
    }
  }

  /** @param name a ledger name, see {@link ledgerName}. */
  read(name: string): SensorName {
    const [, day, month, year, hour, minuteOfHour, owner] = pattern.exec(name) ?? [];
    if (owner === undefined) return { known: false, reason: noTime, minute: undefined };
    const minute = minuteOf([day, month, year, hour, minuteOfHour]);
    if (minute === undefined) return { known: false, reason: noSuchTime, minute };
    const apartment = this.#apartments.get(owner);
    if (apartment === undefined) return { known: false, reason: unknownOwner, minute };
    const fault = this.implausible(minute);
    if (fault !== undefined) return { known: false, reason: implausibleName + fault, minute: undefined };
    return { known: true, apartment, minute };
  }

  /** Why a minute is not plausible now; undefined if it is. */
  implausible(minute: number): string | undefined {
    return implausible(minute, this.#times, this.#clock());
  }

  /** Whether there is any file to expect. */
  get expectsNone(): boolean {
    return this.#owners.length === 0;
  }

  /** The ledger name of an apartment's file of a minute; undefined for an apartment that is not configured. */
  nameOf(apartment: string, minute: number): string | undefined {
    const [owner] = [...this.#apartments].find(([, id]) => id === apartment) ?? [];
    return owner === undefined ? undefined : nameOf(owner, minute);
  }

  /** The ledger names that the files of one minute should have, one per apartment. */
  expected(minute: number): string[] {
    return this.#owners.map((owner) => nameOf(owner, minute));
  }
}

/**
 * Where a file goes in Bronze, relative to its root, with forward slashes: `jimmy/2023/08/18/10/<file name>`, or
 * `rejected/<file name>` if its name does not say.
 */
export function bronzePathOf(fileName: string, name: SensorName): string {
  if (!name.known) return `${rejectedFolder}/${fileName}`;
  const [year, month, day, hour] = partsOf(name.minute);
  return [name.apartment, year, month, day, hour, fileName].join('/');
}

function nameOf(owner: string, minute: number): string {
  const [year, month, day, hour, minuteOfHour] = partsOf(minute);
  return `${day}.${month}.${year} ${hour}${minuteOfHour}_${owner}_received.json`;
}

/** Year, month, day, hour and minute as they are written in names. */
function partsOf(minute: number): string[] {
  return new Date(minute * 60_000).toISOString().slice(0, 16).split(/[-T:]/);
}
