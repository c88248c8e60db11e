import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutKey, maxDepth } from '../../../../loaders/landing/raw-json.ts';

const key = 'api_token';

function cut(text: string): string {
  const scan = cutKey(Buffer.from(text), key);
  return scan.ok ? scan.json.toString() : `! ${scan.reason}`;
}

describe('cutting a key out of raw JSON', () => {
  it.each([
    ['{"api_token":"x"}', '{}'],
    ['{"api_token":"x","a":1}', '{"a":1}'],
    ['{"a":1,"api_token":"x"}', '{"a":1}'],
    ['{"a":1,"api_token":"x","b":2}', '{"a":1,"b":2}'],
    ['{"api_token":1,"api_token":{"deep":[1]},"a":[],"api_token":null}', '{"a":[]}'],
    ['{ "a" : [ { "api_token" : [ 1 , { "api_token" : 2 } ] } , 3 ] }', '{"a":[{},3]}'],
    ['{"api\\u005ftoken":"x","\\u0061pi_token":"y"}', '{}'],
    ['{"API_TOKEN":1,"api_token2":2,"api":{"token":3}}', '{"API_TOKEN":1,"api_token2":2,"api":{"token":3}}'],
    ['{"a":"api_token","b":["api_token",":"]}', '{"a":"api_token","b":["api_token",":"]}'],
    [
      '{"a":1e400,"b":12345678901234567890,"c":-0,"d":1.50,"e":1E-7}',
      '{"a":1e400,"b":12345678901234567890,"c":-0,"d":1.50,"e":1E-7}',
    ],
    [
      '{"a":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00 \u2028"}',
      '{"a":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00 \u2028"}',
    ],
    ['\r\n\t {} \n', '{}'],
  ])('%s', (text, expected) => {
    expect(cut(text)).toBe(expected);
  });

  it.each([
    '{',
    '}',
    '{]',
    '[}',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{,"a":1}',
    '{"a":1 "b":2}',
    '{"a":1}{}',
    '{"a":1}x',
    "{'a':1}",
    '{a:1}',
    '{"a":[1,]}',
    '{"a":[,1]}',
    '{"a":[1 2]}',
    '{"a":01}',
    '{"a":+1}',
    '{"a":.5}',
    '{"a":1.}',
    '{"a":1e}',
    '{"a":-}',
    '{"a":0x1}',
    '{"a":1-2}',
    '{"a":NaN}',
    '{"a":Infinity}',
    '{"a":tru}',
    '{"a":nulll}',
    '{"a":"x}',
    '{"a":"\n"}',
    '{"a":"\\x"}',
    '{"a":"\\u12g4"}',
    '{"a":"\\u12',
    '{"a":"\\',
    '{"a":1}/**/',
    '{"a":1,"a"',
    '{"a" 1}',
    '\u00a0{}',
    '{"api_token":}',
  ])('is not valid JSON: %s', (text) => {
    expect(cut(text)).toBe('! not valid JSON');
    expect(() => JSON.parse(text)).toThrow();
  });

  it.each(['[]', '"x"', '1', 'null', 'true', '[{}]'])('is not an object: %s', (text) => {
    expect(cut(text)).toBe('! not a JSON object');
  });

  it.each([
    ['', '! the file is empty'],
    [' \n', '! the file is empty'],
    ['{"a":"\\u0000"}', '! holds \\u0000, which jsonb cannot store'],
    ['{"a\\u0000":1}', '! holds \\u0000, which jsonb cannot store'],
    ['{"a":"\\ud800"}', '! holds half a surrogate pair, which jsonb cannot store'],
    ['{"a":"\\ud800\\ud800"}', '! holds half a surrogate pair, which jsonb cannot store'],
    ['{"a":"\\ud800x"}', '! holds half a surrogate pair, which jsonb cannot store'],
    ['{"a":"\\udc00"}', '! holds half a surrogate pair, which jsonb cannot store'],
    ['{"a":1e131072}', '! a number is out of the range of numeric'],
    ['{"a":1e-16384}', '! a number is out of the range of numeric'],
    ['{"a":\\"}', '! not valid JSON'],
  ])('%j is refused', (text, expected) => {
    expect(cut(text)).toBe(expected);
  });

  it('knows the limit of nesting', () => {
    const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    expect(cut(nested(maxDepth))).toBe(nested(maxDepth));
    expect(cut(nested(maxDepth + 1))).toBe(`! nested deeper than ${maxDepth} levels`);
    expect(cut('['.repeat(1_000_000))).toBe(`! nested deeper than ${maxDepth} levels`);
  });

  it('hands out what it cut', () => {
    const scan = cutKey(Buffer.from('{"a":{"api_token": "x"},"api\\u005ftoken":[1, {"api_token":2}]}'), key);
    expect(scan.ok && scan.cut.map(String)).toEqual(['"api_token":"x"', '"api_token":2', '"api\\u005ftoken":[1,{}]']);
  });
});

/** Any JSON object whose keys are often the one to cut. */
const document = fc.letrec<{ value: unknown; object: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      fc.constant(key),
    ),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc.dictionary(fc.oneof(fc.constant(key), fc.string({ unit: 'grapheme' }), fc.constant('api')), tie('value'), {
    maxKeys: 5,
  }),
})).object;

/** JSON text in one of the many ways to write it: with indentation, and letters as escapes. */
const written = fc
  .tuple(document, fc.constantFrom('', '  ', '\t'), fc.integer({ min: 0, max: 5 }))
  .map(([value, indent, every]) => {
    const text = JSON.stringify(value, null, indent);
    let letters = 0;
    const escaped = text.replace(/\\.|[a-z_]/g, (found) => {
      letters += 1;
      const inString = found.length === 1 && every > 0 && letters % every === 0;
      return inString ? `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}` : found;
    });
    // Escaping may have hit true, false, null or an exponent.
    try {
      JSON.parse(escaped);
      return escaped;
    } catch {
      return text;
    }
  });

function without(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(without);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== key)
      .map(([name, inner]) => [name, without(inner)]),
  );
}

describe('for any document', () => {
  it('cutting the raw text is the same as deleting the key from what it means', () => {
    fc.assert(
      fc.property(written, (text) => {
        const scan = cutKey(Buffer.from(text), key);
        if (!scan.ok) throw new Error(scan.reason);
        expect(JSON.parse(scan.json.toString())).toEqual(without(JSON.parse(text)));
      }),
      { numRuns: 2000 },
    );
  });

  it('damaged text is taken if and only if it still is JSON', () => {
    const damaged = fc
      .tuple(
        written,
        fc.nat(),
        fc.nat({ max: 2 }),
        fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', '0', '.', 'e', '-', ' ', 'u', '\u0001'),
      )
      .map(
        ([text, at, drop, add]) =>
          text.slice(0, at % (text.length + 1)) + add + text.slice((at % (text.length + 1)) + drop),
      );
    fc.assert(
      fc.property(damaged, (broken) => {
        // A cut through a surrogate pair leaves what UTF-8 cannot hold.
        const text = Buffer.from(broken).toString();
        let parsed: unknown;
        try {
          parsed = JSON.parse(text);
        } catch {
          expect(cut(text)).toMatch(/^! /);
          return;
        }
        const result = cut(text);
        if (/^! (holds|a number)/.test(result)) return;
        if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
          expect(result).toBe('! not a JSON object');
        else expect(JSON.parse(result)).toEqual(without(parsed));
      }),
      { numRuns: 3000 },
    );
  });
});
