import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sqlTokens } from '../../../../runner/text/sql-tokens.ts';

const pieces = (sql: string) =>
  [...sqlTokens(sql)].filter(({ kind }) => kind !== 'blank').map(({ kind, text }) => `${kind} ${text}`);

describe('the tokens of SQL', () => {
  it.each([
    ["a 'it''s; (' b", ['word a', "string 'it''s; ('", 'word b']],
    ["e'\\'' E'\\\\' 'x\\'", ["string e'\\''", "string E'\\\\'", "string 'x\\'"]],
    ['"a ""b"")" ("c")', ['name "a ""b"")"', 'sign (', 'name "c"', 'sign )']],
    ['$$a $x$ b$$ $x$ $$ ; $y$ $x$', ['string $$a $x$ b$$', 'string $x$ $$ ; $y$ $x$']],
    ["1 -- it's\n2", ['word 1', "comment -- it's", 'word 2']],
    ['/* a /* b */ ( */ c', ['comment /* a /* b */ ( */', 'word c']],
    ['größe::int/2', ['word größe', 'sign :', 'sign :', 'word int', 'sign /', 'word 2']],
    ['a$x$ = $1', ['word a$x$', 'sign =', 'sign $', 'word 1']],
    // What never ends is a sign.
    ["'a", ["sign '", 'word a']],
    ['"a', ['sign "', 'word a']],
    ['/* a', ['sign /', 'sign *', 'word a']],
    ['$x$ a', ['sign $', 'word x$', 'word a']],
  ])('%s', (sql, expected) => {
    expect(pieces(sql)).toEqual(expected);
  });

  it('are the whole text', () => {
    const part = fc.constantFrom(
      "'",
      '"',
      '--',
      '/*',
      '*/',
      '$',
      '$x$',
      'e',
      '\\',
      '\n',
      ' ',
      'ü',
      '🏠',
      '(',
      ';',
      'a1',
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const sql = parts.join('');
        const tokens = [...sqlTokens(sql)];
        expect(tokens.map(({ text }) => text).join('')).toBe(sql);
        for (const { start, text } of tokens) expect(sql.startsWith(text, start)).toBe(true);
      }),
    );
  });
});
