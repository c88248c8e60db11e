import { advance, excerpt, formatPlace, type Place } from '../../text/place.ts';

/** A place in a seed's file: for a message, and the line with a caret. */
export interface SeedSpot {
  readonly where: string;
  readonly detail: string;
}

/** The place of a value, given the record and the number of its column from 0; without a number, of the record. */
export function spotOf(file: SeedFile, record: SeedRecord, column = 0): SeedSpot {
  const { path, delimiter } = file;
  const text = bare(record);
  const start = { file: path, line: firstLineOf(record), column: 1 };
  return quoted(file, advance(start, text, startOf(text, delimiter, column)));
}

/** The line of the file with which a record begins. */
export function firstLineOf(record: SeedRecord): number {
  return record.lastLine - (bare(record).split('\n').length - 1);
}

/** Empty lines before a record and the line break after it do not belong to it. */
function bare({ raw }: SeedRecord): string {
  return raw.replace(/^(?:[ \t]*[\r\n]+)+/, '').trimEnd();
}

/** The beginning of a line, counted from 1. */
export function spotOfLine(file: Pick<SeedFile, 'path' | 'text'>, line: number): SeedSpot {
  return quoted(file, { file: file.path, line, column: 1 });
}

function quoted({ text }: Pick<SeedFile, 'text'>, place: Place): SeedSpot {
  return { where: formatPlace(place), detail: excerpt(text, place) };
}

/** Where the value of a column begins in a record: after that many delimiters outside of quotes. */
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

/** The text of a seed's file. */
export interface SeedFile {
  readonly path: string;
  readonly text: string;
  readonly delimiter: string;
  readonly records: readonly SeedRecord[];
}

export interface SeedRecord {
  readonly record: readonly string[];
  /** Its text in the file, perhaps with empty lines around it. */
  readonly raw: string;
  /** The line of the file with which it ends. */
  readonly lastLine: number;
}
