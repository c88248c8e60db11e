/** A spot in one of the user's files; `line` and `column` count from 1. */
export interface Place {
  /** Path relative to the project root, with forward slashes. */
  readonly file: string;
  readonly line: number;
  /** In UTF-16 units, as editors count. */
  readonly column: number;
}

/** `models/gold/dim_room.sql:12:8` */
export function formatPlace(place: Place): string {
  return `${place.file}:${place.line}:${place.column}`;
}

/** The place `distance` characters after `place` in `text`, which starts at `place`. */
export function advance(place: Place, text: string, distance: number): Place {
  const passed = text.slice(0, distance);
  const lastBreak = passed.lastIndexOf('\n');
  if (lastBreak === -1) return { ...place, column: place.column + distance };
  const breaks = passed.split('\n').length - 1;
  return { file: place.file, line: place.line + breaks, column: distance - lastBreak };
}

/** As many blanks as a text has characters, on as many lines: the text after it keeps its place. */
export function blanked(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

/** The most of a line that is quoted, in characters: it should fit on a screen. */
const widest = 120;

/**
 * The line at `place` with a caret below the column; of a very long line what is around it:
 * ```
 *   12 | select rom_name
 *      |        ^
 * ```
 */
export function excerpt(text: string, place: Place): string {
  const line = text.split(/\r?\n/)[place.line - 1];
  if (line === undefined) return '';
  const number = String(place.line);
  const characters = [...line];
  const at = [...line.slice(0, place.column - 1)].length;
  const start = characters.length <= widest ? 0 : Math.max(0, Math.min(at - widest / 2, characters.length - widest));
  const end = Math.min(characters.length, start + widest);
  const quoted = `${start > 0 ? '…' : ''}${characters.slice(start, end).join('')}${end < characters.length ? '…' : ''}`;
  // Tabs stay tabs so that the caret lands below its column however wide the terminal draws them.
  const passed = characters.slice(start, at).map((character) => (character === '\t' ? '\t' : ' '));
  const indent = (start > 0 ? ' ' : '') + passed.join('');
  return `  ${number} | ${quoted}\n  ${' '.repeat(number.length)} | ${indent}^`;
}

/** Reads what {@link formatPlace} wrote; undefined for a file without a line. */
export function parsePlace(text: string): Place | undefined {
  const [, file, line, column] = /^(.+):(\d+):(\d+)$/.exec(text) ?? [];
  return file === undefined ? undefined : { file, line: Number(line), column: Number(column) };
}
