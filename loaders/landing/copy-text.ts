/** A value of one column in COPY's text format. */
export type CopyValue = string | number | boolean | null;

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** One value in COPY's text format: NULL is `\N`; backslash, tab, newline and carriage return are escaped. */
export function copyValue(value: CopyValue): string {
  if (value === null) return '\\N';
  if (typeof value !== 'string') return String(value);
  return value.replace(/[\\\t\n\r]/g, (character) => escapes[character] ?? character);
}

/** One line of COPY's text format, with its newline: `copyLine([1, 'a\tb', null])` is `1\ta\\tb\t\\N\n`. */
export function copyLine(values: readonly CopyValue[]): string {
  return `${values.map(copyValue).join('\t')}\n`;
}

/**
 * JSON without whitespace between its tokens, as bytes, in COPY's text format. Such JSON holds no raw tab or newline
 * (a JSON string may not), so only its backslashes are doubled, without decoding it.
 */
export function copyJson(json: Buffer): Buffer {
  if (!json.includes(0x5c)) return json;
  return Buffer.from(json.toString('latin1').replaceAll('\\', '\\\\'), 'latin1');
}

/** Joins lines into chunks of at least `bytes`, since the cost of a chunk on its way to the server hardly depends on its size. */
export async function* inChunks(lines: AsyncIterable<readonly Buffer[]>, bytes = 65_536): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const line of lines) {
    for (const part of line) {
      parts.push(part);
      size += part.length;
    }
    if (size >= bytes) {
      yield Buffer.concat(parts, size);
      parts = [];
      size = 0;
    }
  }
  if (size > 0) yield Buffer.concat(parts, size);
}
