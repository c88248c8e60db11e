import { didYouMean } from './suggest.ts';

/** Whether PostgreSQL will know a time zone of this name. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    // Offsets are understood as well, but PostgreSQL counts them the other way round.
    return !/^[+-]/.test(name);
  } catch {
    return false;
  }
}

/** What to write instead of a name that is no time zone's. */
export function timeZoneHint(name: string): string {
  return didYouMean(name, Intl.supportedValuesOf('timeZone')) ?? 'Write a name of the tz database, e.g. Europe/Zurich.';
}

/** A zone by its place. An abbreviation such as CET is one hour the whole year to PostgreSQL, and an offset has the wrong sign. */
export function isNamedZone(name: string): boolean {
  return name === 'UTC' || (/^[A-Z][A-Za-z_]+\//.test(name) && isTimeZone(name));
}
