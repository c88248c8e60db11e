import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tmdl, tmdlName } from '../../../powerbi/model/tmdl.ts';
import { nameOf, readTmdl } from '../../integration/powerbi/reader/tmdl-reader.ts';

describe('names', () => {
  it.each([
    ['Date', 'Date'],
    ['Jérémie', 'Jérémie'],
    ['Power (W)', "'Power (W)'"],
    ["Anna's", "'Anna''s'"],
    ['a.b', "'a.b'"],
    ['a=b', "'a=b'"],
    ['a:b', "'a:b'"],
  ])('%s is written %s', (name, written) => {
    expect(tmdlName(name)).toBe(written);
    expect(nameOf(written)).toBe(name);
  });
});

describe('the writer', () => {
  const measure = (value: string) =>
    tmdl([{ type: 'table', name: 'T', children: [{ type: 'measure', name: 'M', value }] }]);

  it('begins an expression of several lines below its declaration, deeper than properties', () => {
    expect(measure('\nvar x = 1  \n\nreturn\n    x\n\n')).toBe(
      'table T\n\n\tmeasure M =\n\t\t\tvar x = 1\n\n\t\t\treturn\n\t\t\t    x\n',
    );
    expect(measure('SUM(T[x])\r\n')).toBe('table T\n\n\tmeasure M = SUM(T[x])\n');
  });

  it('takes away what all lines of an expression are indented by', () => {
    expect(measure('    var x = 1\n    return\n        x')).toBe(
      'table T\n\n\tmeasure M =\n\t\t\tvar x = 1\n\t\t\treturn\n\t\t\t    x\n',
    );
  });

  it('puts an expression between backticks whose first line is indented deeper than another one', () => {
    const written = measure('    1\n  + 2\n\n    + 3');
    expect(written).toBe('table T\n\n\tmeasure M = ```\n\t\t\t  1\n\t\t\t+ 2\n\n\t\t\t  + 3\n\t\t\t```\n');
    expect(readTmdl(written).objects[0]?.children[0]?.value).toBe('  1\n+ 2\n\n  + 3');
  });

  it('writes any expression so that its text comes back, but for the indentation of all lines', () => {
    const line = fc
      .tuple(fc.nat(6), fc.constantFrom('1', '+ 2', 'VAR x =', ''))
      .map(([n, text]) => `${' '.repeat(n)}${text}`);
    fc.assert(
      fc.property(fc.array(line, { minLength: 2, maxLength: 6 }), (lines) => {
        const kept = lines
          .map((one) => one.trimEnd())
          .join('\n')
          .replace(/^\n+|\n+$/g, '')
          .split('\n');
        fc.pre(kept.length > 1);
        const common = Math.min(...kept.filter((one) => one !== '').map((one) => one.search(/\S/)));
        expect(readTmdl(measure(lines.join('\n'))).objects[0]?.children[0]?.value).toBe(
          kept.map((one) => one.slice(common)).join('\n'),
        );
      }),
    );
  });

  it.each(['plain', ' padded ', '"quoted"', '0.0" W"', '', '`0`', 'a`b'])('brings the text %j through', (text) => {
    const written = tmdl([
      {
        type: 'table',
        name: 'T',
        children: [{ type: 'measure', name: 'M', value: '1', properties: [{ name: 'formatString', value: text }] }],
      },
    ]);
    expect(readTmdl(written).objects[0]?.children[0]?.properties.get('formatString')).toBe(text);
  });

  it('writes a description above its object, line by line', () => {
    const written = tmdl([{ type: 'table', name: 'T', description: ' One.\n\nTwo. \n' }]);
    expect(written).toBe('/// One.\n///\n/// Two.\ntable T\n');
    expect(readTmdl(written).objects[0]?.description).toBe('One.\n\nTwo.');
  });
});

describe('the reader that the tests trust', () => {
  const column = 'column C\n\t\tdataType: int64\n\t\tsummarizeBy: none\n\t\tsourceColumn: C';

  it('reads what the language allows', () => {
    const [table] = readTmdl(
      `table 'T 1'\n\tisHidden\n\n\t/// Counts.\n\t${column}\n\n\tmeasure M =\n\t\t\t1\n\n\t\t\t+ 2\n`,
    ).objects;
    expect(table?.name).toBe('T 1');
    expect(table?.properties.get('isHidden')).toBe('true');
    expect(table?.children.map(({ type, description, value }) => [type, description, value])).toEqual([
      ['column', 'Counts.', undefined],
      ['measure', '', '1\n\n+ 2'],
    ]);
  });

  it.each([
    ['an unknown object', 'tabel T\n', 'line 1: tabel may not stand here'],
    [
      'an object where it does not belong',
      'table T\n\n\trole R\n',
      'line 3: table has no property role|no property: role R',
    ],
    ['an unknown property', 'table T\n\tcolour: red\n', 'line 2: table has no property colour'],
    ['a property twice', 'table T\n\tisHidden\n\tisHidden\n', 'line 3: isHidden stands here twice'],
    ['a name without quotes', 'table T 1\n', 'line 1: this is no declaration'],
    ['a quote that is never closed', "table 'T 1\n", 'line 1: this is no declaration'],
    ['spaces for tabs', 'table T\n    isHidden\n', 'line 2: the indentation is not made of tabs'],
    ['a level left out', 'table T\n\t\tisHidden\n', 'line 2: the indentation skips a level'],
    ['a value that is not allowed', 'table T\n\tdataCategory: Tmie\n', 'line 2: Tmie is none of Time'],
    ['a GUID that is none', 'table T\n\tlineageTag: 12\n', 'line 2: 12 is no GUID'],
    [
      'an expression that goes on',
      'table T\n\n\tmeasure M = IF(\n\t\t\t1, 2)\n',
      'line 4: the indentation skips a level',
    ],
    ['an expression not deep enough', 'table T\n\n\tmeasure M =\n\t\t1\n', 'line 3: the expression is missing'],
    ['an empty line below a description', '/// D\n\ntable T\n', 'line 2: a description is followed by an empty line'],
    ['a description of a property', 'table T\n\t/// D\n\tisHidden\n', 'line 3: a property has no description'],
    ['a description of nothing', 'table T\n/// D\n', 'line 2: a description belongs to nothing'],
    ['something required left out', 'table T\n\n\tcolumn C\n\t\tdataType: int64\n', 'line 3: column lacks summarizeBy'],
    ['an object twice', `table T\n\n\t${column}\n\n\t${column}\n`, 'line 8: column C stands here twice'],
    ['a property below a child', `table T\n\n\t${column}\n\n\tisHidden\n`, 'a property stands below a child object'],
    [
      'a text with a lone quote',
      'table T\n\n\tmeasure M = 1\n\t\tformatString: "a"b\n',
      'line 4: "a"b is not quoted rightly',
    ],
    ['Windows line ends', 'table T\r\n', 'line 1: no \\\\r'],
    [
      'a first line of an expression that is indented deeper than another one',
      'table T\n\n\tmeasure M =\n\t\t\t  1\n\t\t\t+ 2\n',
      'line 5: the first line of the expression is indented deeper',
    ],
    ['backticks that are never closed', 'table T\n\n\tmeasure M = ```\n\t\t\t1\n', 'the backticks are never closed'],
    [
      'a text that begins with a backtick',
      'table T\n\n\tmeasure M = 1\n\t\tformatString: `0`\n',
      'begins with a backtick',
    ],
    [
      'a caption of what has none',
      'cultureInfo fr-FR\n\n\ttranslations\n\n\t\tmodel Model\n\n\t\t\trole R\n',
      'has no property role|no property: role R',
    ],
    ['an extended property that is no JSON', `table T\n\n\t${column}\n\n\t\textendedProperty P = {a}\n`, 'JSON'],
    ['no end of the last line', 'table T', 'the last line has no end'],
  ])('refuses %s', (_, text, message) => {
    expect(() => readTmdl(text)).toThrow(new RegExp(message));
  });
});
