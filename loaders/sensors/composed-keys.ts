import { isAscii } from 'node:buffer';
import { decoded, eachToken } from './secrets.ts';

/**
 * JSON with its keys in Unicode's composed form, escaped ones too, since names are compared in it: a Mac writes é as two
 * characters. Everything else stays as it was written.
 * @param json without whitespace between its tokens.
 */
export function composedKeys(json: Buffer): Buffer {
  const isPlain = !json.includes('\\u');
  if (isPlain && isAscii(json)) return json;
  const text = json.toString('utf8');
  if (isPlain && text.normalize('NFC') === text) return json;
  const parts: string[] = [];
  let copied = 0;
  eachToken(text, (token, isKey, start) => {
    if (!isKey) return;
    const key = decoded(token);
    const composed = key.normalize('NFC');
    if (composed === key) return;
    parts.push(text.slice(copied, start), JSON.stringify(composed));
    copied = start + token.length;
  });
  return parts.length === 0 ? json : Buffer.from(parts.join('') + text.slice(copied), 'utf8');
}
