import { isUtf8 } from 'node:buffer';

/** Bytes that are no text in a known encoding: where, and what to do. The first line and column are 1. */
export class NotText extends Error {
  readonly line: number;
  readonly column: number;
  readonly hint: string;
  /** The bytes as they most likely read, to quote the line. */
  readonly likely: string;

  constructor(what: string, likely: string, { line, column }: { line: number; column: number }, hint: string) {
    super(what);
    this.line = line;
    this.column = column;
    this.hint = hint;
    this.likely = likely;
  }
}

const marks = [
  { encoding: 'utf-16le', mark: [0xff, 0xfe] },
  { encoding: 'utf-16be', mark: [0xfe, 0xff] },
] as const;

/**
 * The text of a file: UTF-8, or UTF-16 with a byte-order mark. The mark is left out.
 * @throws NotText for bytes in any other encoding; they are never replaced by U+FFFD.
 */
export function decode(bytes: Buffer): string {
  const wide = marks.find(({ mark }) => mark.every((byte, index) => bytes[index] === byte));
  if (wide !== undefined) return withoutNul(fromUtf16(bytes, wide.encoding), 'Save it as UTF-8.');
  // Found first, since UTF-16 without its mark is no UTF-8 either where letters have accents.
  if (bytes.includes(0))
    withoutNul(bytes.toString('latin1'), 'Save it as UTF-8. If it is UTF-16, it lacks its byte-order mark.');
  return fromUtf8(bytes);
}

/** The text. @throws NotText if it holds a NUL character, which PostgreSQL refuses. */
function withoutNul(text: string, hint: string): string {
  const at = text.indexOf('\0');
  if (at === -1) return text;
  throw new NotText('a NUL character belongs to no text', text.replaceAll('\0', ''), placeOf(text, at), hint);
}

function fromUtf8(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8').replace(/^\uFEFF/, '');
  const at = firstInvalid(bytes);
  const likely = new TextDecoder('windows-1252').decode(bytes);
  const byte = (bytes[at] ?? 0).toString(16).toUpperCase().padStart(2, '0');
  throw new NotText(
    `this is not UTF-8: byte 0x${byte} ("${likely.charAt(at)}" in Windows-1252)`,
    likely,
    placeOf(likely, at),
    'Save it as UTF-8 (in Excel: "CSV UTF-8"; in an editor: "Save with encoding").',
  );
}

function fromUtf16(bytes: Buffer, encoding: 'utf-16le' | 'utf-16be'): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    const likely = new TextDecoder(encoding).decode(bytes);
    // What cannot be decoded has become U+FFFD.
    const at = Math.max(0, likely.indexOf('\uFFFD'));
    throw new NotText('this is not valid UTF-16', likely, placeOf(likely, at), 'Save it as UTF-8.');
  }
}

/** The index of the first byte that is no part of a character in UTF-8. */
function firstInvalid(bytes: Buffer): number {
  // A line break is never part of a longer character.
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(0x0a, start);
    const line = bytes.subarray(start, end === -1 ? bytes.length : end);
    if (!isUtf8(line)) {
      const decoded = Buffer.from(line.toString('utf8'));
      return start + line.findIndex((byte, index) => decoded[index] !== byte);
    }
    if (end === -1) return 0;
    start = end + 1;
  }
}

function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}
