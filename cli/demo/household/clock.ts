/** Minutes in a day, and so files of one apartment in a day. */
export const minutesOfDay = 1440;

/** Residents live by local time, files use UTC: two hours less, in a Swiss October. */
export const localOffset = 120;

/** The sample day is Thursday, 12 October 2023, in UTC. Seconds since 1970. */
export const dayStart = Date.UTC(2023, 9, 12) / 1000;

/** A stretch of minutes, `to` not included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * Minutes since midnight. Hours beyond 23 are the small hours of the next day.
 * @example clock('06:30') // 390
 */
export const clock = remembering((time) => {
  const [hours, minutes] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
});

/** @example span('06:30-06:45') // { from: 390, to: 405 } */
export const span = remembering((text): Span => {
  const [from = '', to = ''] = text.split('-');
  return { from: clock(from), to: clock(to) };
});

/** The habits of a household are a few hundred texts that every minute of the day looks at. */
function remembering<T>(read: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const found = known.get(text) ?? read(text);
    known.set(text, found);
    return found;
  };
}

export function within(minute: number, { from, to }: Span): boolean {
  return minute >= from && minute < to;
}

/** Seconds since 1970 of a UTC minute of the sample day, or of a day before it if it is negative. */
export function epochSeconds(utcMinute: number): number {
  return dayStart + utcMinute * 60;
}

/** What a file says about its own time: `12.10.2023 06:30`. */
export function datetimeText(utcMinute: number): string {
  const time = new Date(epochSeconds(utcMinute) * 1000);
  const day = [twoDigits(time.getUTCDate()), twoDigits(time.getUTCMonth() + 1), time.getUTCFullYear()].join('.');
  return `${day} ${twoDigits(time.getUTCHours())}:${twoDigits(time.getUTCMinutes())}`;
}

/** `12.10.2023 0630_JimmyLoup_received.json` */
export function fileName(owner: string, utcMinute: number): string {
  return `${datetimeText(utcMinute).replace(':', '')}_${owner}_received.json`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
