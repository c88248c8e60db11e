import { isUtf8 } from 'node:buffer';
import { gunzipSync } from 'node:zlib';
import { maxFileBytes, secretKey, sensorPayload } from '../sensors/payload.ts';

/** A file that may be handed out, or why it cannot be. */
export type HandedOut = { readonly ok: true; readonly bytes: Buffer } | { readonly ok: false; readonly reason: string };

/**
 * A sensor file as it may be handed to the person it is about: decompressed and without api_token, which is a secret of
 * the household's gateway. A file that is no valid JSON keeps the rest of what it holds.
 */
export function withoutToken(source: Buffer, compressed: boolean): HandedOut {
  const payload = sensorPayload(source, compressed);
  if (payload.ok) return { ok: true, bytes: payload.json };
  const bytes = compressed ? unpacked(source) : source;
  if (bytes === undefined) return { ok: false, reason: payload.reason };
  // Where the token may hide behind escapes, or behind another encoding, nobody can say that it is not there.
  const text = bytes.toString('utf8');
  if (!isUtf8(bytes) || text.includes('\0') || /\\u00[2-7][0-9a-f]/i.test(text)) {
    return { ok: false, reason: `it is ${payload.reason}, and may hold ${secretKey} in a way that cannot be seen` };
  }
  return { ok: true, bytes: Buffer.from(blanked(text), 'utf8') };
}

function unpacked(source: Buffer): Buffer | undefined {
  try {
    return gunzipSync(source, { maxOutputLength: maxFileBytes });
  } catch {
    return undefined;
  }
}

/** The text without what stands behind each name of the token, and without what repeats that. */
function blanked(text: string): string {
  const values: string[] = [];
  const member = new RegExp(`("${secretKey}"?\\s*:?\\s*)("(?:[^"\\\\]|\\\\.)*"?|[^\\s,}\\]]+)?`, 'gs');
  const cut = text.replace(member, (_, name: string, value = '') => {
    const bare = String(value).replace(/^"|"$/g, '');
    if (bare.length >= 4) values.push(bare);
    return `${name}""`;
  });
  return values.reduce((rest, value) => rest.replaceAll(value, ''), cut);
}
