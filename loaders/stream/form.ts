/** What a project says of its messages (`vars.stream` in project.yml). */
export interface MessageForm {
  readonly topics: readonly string[];
  /** The time zone whose days name the folders of Bronze, by its IANA name. */
  readonly zone: string;
  /** The field that holds the time of the event: Unix seconds, milliseconds (beyond 1e12) or microseconds (beyond 1e15). */
  readonly time: string;
  /** Fields with a text each that name a folder of Bronze; a message without one is rejected. */
  readonly partitionBy: readonly string[];
  /** Fields that may hold a number; each gets a column of Bronze. */
  readonly numbers: readonly string[];
}

/** The event time beyond which a clock is broken: 2200. */
const latestMs = 7_258_118_400_000;

/** A Unix time in seconds, milliseconds or microseconds, as milliseconds; undefined for anything that is no time of 1970 to 2199. */
export function unixMs(value: unknown): number | undefined {
  if (typeof value !== 'number' || !(value >= 0)) return undefined;
  const ms = value > 1e15 ? value / 1000 : value > 1e12 ? value : value * 1000;
  return ms < latestMs ? ms : undefined;
}

/** The calendar days of a time zone, worked out once an hour of event time, since Intl takes microseconds a call. */
export class LocalDays {
  readonly #format: Intl.DateTimeFormat;
  readonly #days = new Map<number, string>();

  /** @throws RangeError for a zone that does not exist. */
  constructor(zone: string) {
    // The form of Sweden's dates is that of ISO 8601.
    this.#format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    });
  }

  /** The day of an instant, e.g. `2013-08-23`. All zones of today begin their days at a full quarter of an hour. */
  of(ms: number): string {
    const quarter = Math.floor(ms / 900_000);
    let day = this.#days.get(quarter);
    if (day === undefined) {
      day = this.#format.format(ms);
      if (this.#days.size > 10_000) this.#days.clear();
      this.#days.set(quarter, day);
    }
    return day;
  }
}
