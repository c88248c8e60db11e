/** A date or a time as users write it: `2023-08-18`, `2023-08-18 12:00`, `2023-08-18T12:00:00+02:00`. */
const moment = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,6})?)?)?(Z|[+-]\d\d(?::?\d\d)?)?$/;

/** Whether a text is an ISO date or time that exists. */
export function isMoment(text: string): boolean {
  const [whole, year, month, day, hour = '0', minute = '0', second = '0'] = moment.exec(text) ?? [];
  if (whole === undefined) return false;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const isDay = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  return isDay && Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60;
}

/** Whether a moment says by itself which instant it is. */
export function hasOffset(text: string): boolean {
  return moment.exec(text)?.[7] !== undefined;
}

/** The instant of a moment, in milliseconds since 1970; one without an offset is UTC, wherever the program runs. NaN for what is no moment, and for an offset that there is not. */
export function instantOf(text: string): number {
  if (!isMoment(text)) return Number.NaN;
  const [, year, month, day, hour = '00', minute = '00', second = '00', offset = 'Z'] = moment.exec(text) ?? [];
  const zone = offset.replace(/^([+-]\d\d):?(\d\d)?$/, (_, hours, minutes) => `${hours}:${minutes ?? '00'}`);
  const fraction = /\.\d+/.exec(text)?.[0] ?? '';
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${fraction}${zone}`);
}
