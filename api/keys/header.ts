import type { Key } from './keys.ts';

/** Longer headers hold no key. */
const longest = 4000;

/**
 * The key of a header Authorization: `Basic` as browsers, Excel and Power BI send it, or `Bearer` with the same text in base64
 * (`login:password`), or with a token. Undefined if there is none.
 */
export function keyIn(header: string | undefined): Key | undefined {
  if (header === undefined || header.length > longest) return undefined;
  const [, scheme = '', text = ''] = /^(Basic|Bearer) +([\w+/.~=-]+)$/i.exec(header.trim()) ?? [];
  if (text === '') return undefined;
  const decoded = Buffer.from(text, 'base64').toString();
  const colon = decoded.indexOf(':');
  if (colon > 0 && !/[\0\ufffd]/.test(decoded))
    return { login: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
  return scheme.toLowerCase() === 'bearer' ? { login: '', password: text } : undefined;
}

/** What a client sends for a login and its password: the text after `Bearer`. */
export function bearerOf({ login, password }: Key): string {
  return Buffer.from(`${login}:${password}`).toString('base64url');
}
