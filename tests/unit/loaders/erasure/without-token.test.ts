import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { withoutToken } from '../../../../loaders/erasure/without-token.ts';

const of = (text: string | Buffer, compressed = false) => {
  const result = withoutToken(Buffer.from(text), compressed);
  return result.ok ? result.bytes.toString('utf8') : result.reason;
};

describe('a file without api_token', () => {
  it('keeps everything else', () => {
    expect(of('{"user": "a", "api_token": "secret-1", "note": "x secret-1 y", "n": 1.50}')).toBe(
      '{"user":"a","note":"","n":1.50}',
    );
    expect(of(gzipSync('{"api_token":"secret-1","n":1}'), true)).toBe('{"n":1}');
  });

  it.each([
    ['{"user": "a", "api_token": "secret-1", "note', '{"user": "a", "api_token": "", "note'],
    ['{"api_token":"secret-1","again":"secret-1', '{"api_token":"","again":"'],
    ['{"api_token": "secr', '{"api_token": ""'],
    ['{"api_token": secret-1, "n": 1', '{"api_token": "", "n": 1'],
    ['{"api_token":"a \\"quoted\\" secret"', '{"api_token":""'],
    ['', ''],
    ['{"a":', '{"a":'],
  ])('is blanked where it is no valid JSON: %j', (text, expected) => expect(of(text)).toBe(expected));

  it.each([
    Buffer.from('{"api_token":"secret-1"', 'utf16le'),
    Buffer.from('{"api\\u005ftoken":"secret-1"'),
    Buffer.from([0xff, 0xfe, 0x7b]),
  ])('is not handed out where nobody can see it', (bytes) => expect(of(bytes)).toMatch(/may hold api_token/));

  it('is not handed out if it cannot be unpacked', () => {
    const packed = gzipSync('{"api_token":"secret-1"}');
    expect(of(packed.subarray(0, packed.length - 9), true)).toBe('not a whole gzip file');
  });
});
