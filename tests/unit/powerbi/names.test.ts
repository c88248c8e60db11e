import { describe, expect, it } from 'vitest';
import { fileNames } from '../../../powerbi/model/file-names.ts';
import { guidOf, objectName } from '../../../powerbi/model/guid.ts';
import { mField, mText } from '../../../powerbi/model/m.ts';

describe('file names', () => {
  it('are such as Windows takes', () => {
    expect(fileNames(['Energy by minute', 'A/B: "C"?', 'con', 'Aux.x', 'dots...', 'a\tb'])).toEqual([
      'Energy by minute',
      'A_B_ _C__',
      '_con',
      '_Aux.x',
      'dots_',
      'a_b',
    ]);
  });

  it('are different where only letter case or a sign differs', () => {
    const names = fileNames(['Room', 'ROOM', 'A/B', 'A:B']);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(4);
    expect(names[1]).toMatch(/^ROOM [0-9a-f]{8}$/);
  });
});

describe('GUIDs', () => {
  it('belong to a name and are of version 5', () => {
    expect(guidOf('table', 'Room')).toBe(guidOf('table', 'Room'));
    expect(guidOf('table', 'Room')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(guidOf('a', 'bc')).not.toBe(guidOf('ab', 'c'));
    expect(objectName('x')).toMatch(/^[0-9a-f]{20}$/);
  });
});

it('quotes text and fields for M', () => {
  expect(mText('a "b" #(lf)')).toBe('"a ""b"" #(#)(lf)"');
  expect(mField('Power (W)')).toBe('[#"Power (W)"]');
});
