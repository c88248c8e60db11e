import { gzipSync } from 'node:zlib';
import { secretMark } from './sensor-share.ts';

/** One kind of file, and what has to become of it. */
export interface Kind {
  readonly label: string;
  /** A name of its own; otherwise a good one is given. */
  readonly name?: string;
  /** What a name is given as extension. */
  readonly extension?: string;
  readonly content: string | Buffer;
  /** The JSON that lands, or undefined if the file is rejected. */
  readonly lands?: string;
  readonly reason?: string;
}

const invalid = 'not valid JSON';
const nul = 'holds \\u0000, which jsonb cannot store';
const half = 'holds half a surrogate pair, which jsonb cannot store';
const range = 'a number is out of the range of numeric';
const gzip = 'not a whole gzip file';
const utf8 = 'not valid UTF-8';
const notObject = 'not a JSON object';
const empty = 'the file is empty';
const deep = 'nested deeper than 1000 levels';
const big = 'larger than 16 MB';
const secret = `token-${secretMark}`;
const good = '{"plugs":{"Office":{"power":1}}}';

const ahead = 'its datetime is more than 24 h after it was landed (sensor_max_hours_ahead)';

function rooms(count: number): string {
  return `{"plugs":{${Array.from({ length: count }, (_, room) => `"room ${room}":{"power":1}`).join()}}}`;
}

function nested(levels: number): string {
  return `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
}

function bad(reason: string, label: string, content: string | Buffer, more: Partial<Kind> = {}): Kind {
  return { label, content, reason, ...more };
}

function fine(
  label: string,
  content: string | Buffer,
  lands: string = String(content),
  more: Partial<Kind> = {},
): Kind {
  return { label, content, lands, ...more };
}

export const kinds: readonly Kind[] = [
  bad(empty, 'no byte', ''),
  bad(empty, 'spaces and newlines only', ' \r\n\t '),
  bad(empty, 'a byte-order mark only', '\ufeff'),
  bad(invalid, 'cut off', '{"plugs":{"Office":{"pow'),
  bad(invalid, 'cut off in an escape', '{"a":"\\u00'),
  bad(invalid, 'a trailing comma', '{"a":1,}'),
  bad(invalid, 'single quotes', "{'a':1}"),
  bad(invalid, 'keys without quotes', '{a:1}'),
  bad(invalid, 'a comment', '{"a":1} // done'),
  bad(invalid, 'two documents', '{"a":1}{"a":2}'),
  bad(invalid, 'text after the end', '{"a":1}garbage'),
  bad(invalid, 'NaN', '{"a":NaN}'),
  bad(invalid, 'Infinity', '{"a":-Infinity}'),
  bad(invalid, 'a leading zero', '{"a":007}'),
  bad(invalid, 'a plus sign', '{"a":+1}'),
  bad(invalid, 'a point without digits', '{"a":1.}'),
  bad(invalid, 'a raw newline in a string', '{"a":"b\nc"}'),
  bad(invalid, 'a raw NUL in a string', '{"a":"b\u0000c"}'),
  bad(invalid, 'NUL bytes only', Buffer.alloc(64)),
  bad(invalid, 'an unknown escape', '{"a":"\\x41"}'),
  bad(invalid, 'a wrong unicode escape', '{"a":"\\u12g4"}'),
  bad(invalid, 'a web page', '<html><body>503</body></html>'),
  bad(utf8, 'gzip under a plain name', gzipSync(good)),
  bad(invalid, 'a secret in broken JSON', `{"api_token":"${secret}","a":}`),
  bad(notObject, 'an array', '[{"a":1}]'),
  bad(notObject, 'a string', `"${secret}"`),
  bad(notObject, 'a number', '42'),
  bad(notObject, 'null', 'null'),
  bad(nul, 'NUL in a value', '{"a":"b\\u0000c"}'),
  bad(nul, 'NUL in a key', '{"a\\u0000":1}'),
  bad(half, 'a lone high surrogate', '{"a":"\\ud83d"}'),
  bad(half, 'a lone low surrogate', '{"a":"\\ude00"}'),
  bad(half, 'two high surrogates', '{"a":"\\ud83d\\ud83d"}'),
  bad(half, 'half a pair in a key', '{"\\ud83dx":1}'),
  bad(utf8, 'a byte that is not UTF-8', Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')])),
  bad(utf8, 'Latin-1', Buffer.from('{"a":"é"}', 'latin1')),
  bad(utf8, 'UTF-16', Buffer.from('\ufeff{"a":1}', 'utf16le')),
  bad(
    utf8,
    'a surrogate as bytes',
    Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]),
  ),
  bad(utf8, 'an overlong slash', Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')])),
  bad(range, 'a number too large for numeric', '{"a":1e131072}'),
  bad(range, 'a number too fine for numeric', '{"a":1e-16384}'),
  bad(range, 'an exponent beyond reason', '{"a":0e9999999999}'),
  bad(range, 'more digits than numeric has', `{"a":1${'0'.repeat(131_072)}}`),
  bad(deep, 'too deep', nested(1001)),
  bad(deep, 'far too deep', '['.repeat(200_000)),
  bad(
    'the value of api_token recurs as a key or a number',
    'the secret as a key',
    `{"api_token":"${secret}","${secret}":1}`,
  ),
  bad(
    'the value of api_token recurs as a key or a number',
    'the secret as a number',
    '{"api_token":4711471147114711,"a":4711471147114711}',
  ),
  bad(gzip, 'not gzip', good, { extension: '.json.gz' }),
  bad(gzip, 'cut off gzip', gzipSync(good).subarray(0, 20), { extension: '.json.gz' }),
  bad(gzip, 'gzip with a wrong checksum', Buffer.concat([gzipSync(good).subarray(0, -8), Buffer.alloc(8, 1)]), {
    extension: '.json.gz',
  }),
  bad(empty, 'no byte under a .gz name', '', { extension: '.json.gz' }),
  bad(empty, 'nothing compressed', gzipSync(''), { extension: '.json.gz' }),
  bad(invalid, 'broken JSON compressed', gzipSync('{"a":'), { extension: '.json.gz' }),
  bad(big, 'too much compressed', gzipSync(Buffer.alloc(17 * 1024 * 1024, 0x20)), { extension: '.json.gz' }),
  bad(big, 'too big', Buffer.concat([Buffer.from(good), Buffer.alloc(16 * 1024 * 1024, 0x20)])),
  bad('the owner in the name is unknown', 'an unknown owner', good, { name: '24.08.2023 0100_Stranger_received.json' }),
  bad('the owner in the name is unknown', 'an owner in other letters', good, {
    name: '24.08.2023 0101_jimmyloup_received.json',
  }),
  bad('the time in the name does not exist', '31 February', good, { name: '31.02.2023 0100_JimmyLoup_received.json' }),
  bad('the time in the name does not exist', '25:61', good, { name: '24.08.2023 2561_JimmyLoup_received.json' }),
  bad('the time in the name does not exist', 'month 13', good, { name: '24.13.2023 0100_JimmyLoup_received.json' }),
  bad('the name has no readable time', 'another name', good, { name: 'backup.json' }),
  bad('the name has no readable time', 'a copy', good, { name: '24.08.2023 0100_JimmyLoup_received (1).json' }),
  bad('the name has no readable time', 'no owner', good, { name: '24.08.2023 0100__received.json' }),

  bad(
    'its datetime is before 2020-01-01 (sensor_min_date)',
    'a clock that begins anew',
    '{"datetime":"01.01.1970 00:00"}',
  ),
  bad(ahead, 'a clock far ahead', '{"a":[{"datetime":"24.08.2023 10:00"}],"datetime":"31.12.2199 23:59"}'),
  bad(
    ahead,
    'a clock far ahead, escaped, and the last of two',
    '{"datetime":"24.08.2023 10:00","d\\u0061tetime":"31.12.21\\u00399 23:59"}',
  ),
  bad('an object has more than 200 members', 'hundreds of rooms', rooms(201)),
  bad('the time in the name is before 2020-01-01 (sensor_min_date)', 'a name from 1970', good, {
    name: '01.01.1970 0000_JimmyLoup_received.json',
  }),
  bad('the time in the name is more than 24 h after it was landed (sensor_max_hours_ahead)', 'a name from 2199', good, {
    name: '31.12.2199 2359_JimmyLoup_received.json',
  }),

  fine('as many rooms as may be', rooms(200)),
  fine(
    'a datetime that is none, or not at the top',
    '{"datetime":"31.02.1970 00:00","a":{"datetime":"01.01.1970 00:00"}}',
  ),
  fine(
    'a datetime of two that counts',
    '{"datetime":"01.01.1970 00:00","datetime":"24.08.2023 10:00"}',
    '{"datetime":"24.08.2023 10:00"}',
  ),
  fine('a byte-order mark', `\ufeff${good}`, good),
  fine('nothing inside', '{}'),
  fine('null sections', '{"plugs":null,"motions":[],"meteos":"none"}'),
  fine('numbers beyond a double', '{"a":1e400,"b":12345678901234567890,"c":-1.50e-300,"d":0.1000}'),
  fine('the largest number of numeric', '{"a":9.9e131071,"b":1e-16383}'),
  fine('a key twice: the last one counts', '{"a":1,"a":2}', '{"a":2}'),
  fine('escapes', '{"a":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00"}'),
  fine('what COPY has a meaning for', '{"a":"\\\\N","b":"\\\\.","c":"x\\ty\\nz\\\\"}'),
  fine('characters of all planes', '{"é😀":"\u2028\u007f\ufffe日本"}'),
  fine('as deep as may be', nested(1000)),
  fine('a large one', `{"a":"${'x'.repeat(400_000)}"}`),
  fine(
    'the secret, escaped, twice and deep',
    `{"api\\u005ftoken":"${secret}","a":{"api_token":["${secret}"]},"\\u0061pi_token":1}`,
    '{"a":{}}',
  ),
  fine(
    'the secret in other places',
    `{"user":"x ${secret}","b":["${secret.replace('t', '\\u0074')}"],"api_token":"${secret}"}`,
    '{"user":"","b":[""]}',
  ),
  fine('a secret that is an object', `{"api_token":{"value":"${secret}"},"a":"${secret}"}`, '{"a":""}'),
  fine(
    'a decomposed key, and one that is escaped',
    '{"Ku\u0308che":{"Cafe\\u0301":"e\u0301"}}',
    '{"K\u00fcche":{"Caf\u00e9":"e\u0301"}}',
  ),
  fine('gzip', gzipSync(good), good, { extension: '.json.gz' }),
  fine('gzip in two members', Buffer.concat([gzipSync('{"a":'), gzipSync('1}')]), '{"a":1}', { extension: '.json.gz' }),
  fine('an extension in capitals', good, good, { extension: '.JSON' }),
];
