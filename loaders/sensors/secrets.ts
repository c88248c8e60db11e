import { TextFinder } from './text-finder.ts';

/** Shorter values are no secrets: blanking every "on" or "1" would destroy the readings and protect nothing. */
const minLength = 4;

/** Up to so many secrets of so many characters in so many bytes are looked for one by one, the fastest way for a real file. */
const few = { secrets: 4, length: 256, bytes: 256 * 1024 };

/**
 * The values to keep out of the database, from the members that were cut: every string and number in them, decoded.
 * @param cut as {@link cutKey} returns it: `"key":value`.
 */
export function secretsIn(cut: readonly Buffer[]): string[] {
  const found = new Set<string>();
  for (const member of cut) {
    const text = member.toString('utf8');
    // A key is no secret; a value, and anything inside it, may be.
    eachToken(text, (token, isKey) => {
      const value = isKey ? '' : decoded(token);
      if (value.length >= minLength && !['true', 'false', 'null'].includes(value)) found.add(value);
    });
  }
  return [...found];
}

/**
 * Replaces every string that contains a secret, also an escaped one, by an empty string. Takes time in proportion to the sizes of
 * both, whatever they hold.
 * @param json without whitespace between its tokens.
 * @returns the text without the secrets; undefined if one recurs where it cannot be blanked, as a key or a number.
 */
export function withoutSecrets(json: Buffer, secrets: readonly string[]): Buffer | undefined {
  if (secrets.length === 0) return json;
  const areFew =
    secrets.length <= few.secrets && json.length <= few.bytes && secrets.every(({ length }) => length <= few.length);
  // Escapes can hide a secret from a search of the bytes; without any, that search settles it, and is nearly free.
  if (areFew && !json.includes(0x5c) && !secrets.some((secret) => json.includes(secret))) return json;
  const finder = new TextFinder(secrets);
  const whole = new Set(secrets);
  const text = json.toString('utf8');
  const parts: string[] = [];
  let copied = 0;
  let stuck = false;
  eachToken(text, (token, isKey, start) => {
    const isString = token.startsWith('"');
    const value = decoded(token);
    if (!(isString ? finder.isIn(value) : whole.has(value))) return;
    if (isKey || !isString) {
      stuck = true;
    } else {
      parts.push(text.slice(copied, start), '""');
      copied = start + token.length;
    }
  });
  if (stuck) return undefined;
  return parts.length === 0 ? json : Buffer.from(parts.join('') + text.slice(copied), 'utf8');
}

/** Calls `visit` for each string and each other scalar of valid JSON without whitespace. */
export function eachToken(text: string, visit: (token: string, isKey: boolean, start: number) => void): void {
  const other = /[^"{}[\],:]+/y;
  for (let at = 0; at < text.length; ) {
    let end = at + 1;
    if (text[at] === '"') {
      end = endOfString(text, at);
    } else {
      other.lastIndex = at;
      if (!other.test(text)) {
        at += 1;
        continue;
      }
      end = other.lastIndex;
    }
    visit(text.slice(at, end), text[end] === ':', at);
    at = end;
  }
}

/** Where the string that starts at `start` ends. By hand, as a pattern with alternatives gives up on megabytes of escapes. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); ; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
  }
}

/** What a token of JSON means, as text. */
export function decoded(token: string): string {
  return token.startsWith('"') ? String(JSON.parse(token)) : token;
}
