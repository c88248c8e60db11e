import { isUtf8 } from 'node:buffer';
import { gunzipSync } from 'node:zlib';
import { cutKey } from '../landing/raw-json.ts';
import { composedKeys } from './composed-keys.ts';
import { minuteOf } from './name.ts';
import { secretsIn, withoutSecrets } from './secrets.ts';

/**
 * What becomes of the content of a sensor file: JSON for the database, the bytes it was made of, decompressed, and the minute
 * since 1970 that its `datetime` names, if it names one; or the reason for turning it down (quotes nothing).
 */
export type Payload =
  | { readonly ok: true; readonly json: Buffer; readonly bytes: Buffer; readonly minute: number | undefined }
  | { readonly ok: false; readonly reason: string };

/** Files are 3 to 5 KB; one over this many bytes, also once decompressed, is something else. */
export const maxFileBytes = 16 * 1024 * 1024;

/** Why a file over {@link maxFileBytes} is rejected. */
export const tooBig = `larger than ${maxFileBytes / 1024 / 1024} MB`;

/** The key whose value never leaves Bronze. */
export const secretKey = 'api_token';

/** A section has a dozen rooms and a sensor a dozen values; each room more is a device of its own for every day to come. */
const maxMembers = 200;

/** A token has some dozens of bytes; what is looked for in the rest of the file is kept in memory several times over. */
const maxSecretBytes = 1024 * 1024;
const hugeSecret = `the value of ${secretKey} is larger than ${maxSecretBytes / 1024 / 1024} MB`;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Judges the content of a sensor file. The JSON comes out as it was written, without whitespace between its tokens,
 * without `api_token` at any depth, with every string blanked that repeats the value of `api_token`, and with composed keys.
 * @param compressed whether the bytes are gzip.
 */
export function sensorPayload(source: Buffer, compressed: boolean): Payload {
  let bytes: Buffer = source;
  if (compressed && source.length > 0) {
    try {
      bytes = gunzipSync(source, { maxOutputLength: maxFileBytes });
    } catch (error) {
      const big = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
      return { ok: false, reason: big ? tooBig : 'not a whole gzip file' };
    }
  }
  if (bytes.length > maxFileBytes) return { ok: false, reason: tooBig };
  if (!isUtf8(bytes)) return { ok: false, reason: 'not valid UTF-8' };
  const start = bytes.subarray(0, 3).equals(byteOrderMark) ? 3 : 0;
  const scan = cutKey(bytes.subarray(start), secretKey, { top: 'datetime', maxMembers });
  if (!scan.ok) return scan;
  if (scan.cut.reduce((sum, { length }) => sum + length, 0) > maxSecretBytes) return { ok: false, reason: hugeSecret };
  const json = withoutSecrets(scan.json, secretsIn(scan.cut));
  if (json === undefined) return { ok: false, reason: `the value of ${secretKey} recurs as a key or a number` };
  return { ok: true, json: composedKeys(json), bytes, minute: minuteIn(scan.top) };
}

/** As silver reads it: `DD.MM.YYYY HH:MM` of the years 1970 to 2199, anything else counts as not there. */
function minuteIn(datetime: Buffer | undefined): number | undefined {
  if (datetime?.[0] !== 0x22) return undefined;
  const [, day, month, year = '', hour, minute] =
    /^(\d\d)\.(\d\d)\.((?:19[7-9]|2[01]\d)\d) (\d\d):(\d\d)$/.exec(JSON.parse(datetime.toString('utf8')) as string) ??
    [];
  return year === '' ? undefined : minuteOf([day, month, year, hour, minute]);
}
