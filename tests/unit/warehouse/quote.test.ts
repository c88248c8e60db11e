import { describe, expect, it } from 'vitest';
import { identifier, identifiers, literal, relation } from '../../../warehouse/quote.ts';

describe('quoting', () => {
  it('doubles the quotes inside a name and keeps umlauts, blanks and case', () => {
    expect(identifier('Wohnküche "oben"')).toBe('"Wohnküche ""oben"""');
    expect(relation('gold', 'dim_room')).toBe('"gold"."dim_room"');
    expect(identifiers(['a', 'B c'])).toBe('"a", "B c"');
  });

  it('counts bytes, not letters, up to the 63 that PostgreSQL keeps', () => {
    expect(identifier('a'.repeat(63))).toHaveLength(65);
    expect(identifier('ü'.repeat(31))).toHaveLength(33);
    expect(() => identifier('a'.repeat(64))).toThrow(/has 64 bytes; PostgreSQL keeps 63/);
    expect(() => identifier('ü'.repeat(32))).toThrow(/has 64 bytes/);
  });

  it('refuses names that PostgreSQL cannot store', () => {
    expect(() => identifier('')).toThrow(/empty/);
    expect(() => identifier('a\0b')).toThrow(/NUL/);
  });

  it('keeps apostrophes and backslashes of a text', () => {
    expect(literal(`Rue de l'Hôpital`)).toBe(`'Rue de l''Hôpital'`);
    expect(literal('C:\\temp')).toBe(` E'C:\\\\temp'`);
  });
});
