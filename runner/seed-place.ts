import { advance, excerpt, formatPlace, type Place } from './place.ts';
import type { SeedFile, SeedRecord } from './seed.ts';

/** Where something stands in a seed's file: for a message, and the line with a caret. */
export interface SeedSpot {
  readonly where: string;
  readonly detail: string;
}

/** The place of a value, given the record and the number of its column from 0; without a number, of the record. */
export function spotOf({ path, text, delimiter }: SeedFile, { raw, lastLine }: SeedRecord, column = 0): SeedSpot {
  // Empty lines before a record and the line break behind it are no part of it.
  const record = raw.replace(/^(?:[ \t]*[\r\n]+)+/, '').trimEnd();
  const firstLine = lastLine - (record.split('\n').length - 1);
  return quoted(text, advance({ file: path, line: firstLine, column: 1 }, record, startOf(record, delimiter, column)));
}

/** The beginning of a line, counted from 1. */
export function spotOfLine({ path, text }: SeedFile, line: number): SeedSpot {
  return quoted(text, { file: path, line, column: 1 });
}

function quoted(text: string, place: Place): SeedSpot {
  return { where: formatPlace(place), detail: excerpt(text, place) };
}

/** Where the value of a column begins in a record: behind so many delimiters that stand outside of quotes. */
function startOf(record: string, delimiter: string, column: number): number {
  let passed = 0;
  let isQuoted = false;
  let at = 0;
  for (; at < record.length && passed < column; at += 1) {
    if (record.charAt(at) === '"') isQuoted = !isQuoted;
    else if (!isQuoted && record.startsWith(delimiter, at)) passed += 1;
  }
  return at + (/^[ \t]*/.exec(record.slice(at))?.[0].length ?? 0);
}
