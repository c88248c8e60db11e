import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Helper, HelperError, TemplateEnvironment } from '../../../../runner/template/template.ts';
import { formatProblem, type Problem, ProjectError } from '../../../../runner/text/errors.ts';
import type { Place } from '../../../../runner/text/place.ts';
import type { SourceFile } from '../../../../runner/text/source-file.ts';

const helpers: Readonly<Record<string, Helper>> = {
  // Prints a character that no test writes itself, so that what a helper puts in can be distinguished from the template's text.
  put: () => '§',
  numbers: () => [1, 2],
  yes: () => true,
  no: () => false,
  block: (_args, { block }) => block?.('body') ?? '',
  otherwise: (_args, { block }) => block?.('else') ?? '',
  same: ([a, b]) => a === b,
  fails: () => {
    throw new HelperError('it fails', 'Do not call it.');
  },
};

function environmentWith(macros: Readonly<Record<string, string>>): TemplateEnvironment {
  const environment = new TemplateEnvironment([...Object.keys(helpers), 'elsewhere']);
  environment.addMacros(
    new Map(Object.entries(macros).map(([name, text]) => [name, { path: `macros/${name}.sql`, text }])),
  );
  return environment;
}

function render(text: string, macros: Readonly<Record<string, string>> = {}, context: object = {}) {
  return environmentWith(macros).parse({ path: 'models/m.sql', text }).render(helpers, context);
}

function problemOf(text: string, macros: Readonly<Record<string, string>> = {}, context: object = {}): Problem {
  try {
    render(text, macros, context);
  } catch (error) {
    if (error instanceof ProjectError && error.problems[0] !== undefined) return error.problems[0];
    throw error;
  }
  throw new Error('no problem was found');
}

/** The place from which `text` in the output comes, as `file:line:column`. */
function placeOf(text: string, template: string, macros: Readonly<Record<string, string>> = {}): string {
  const sql = render(template, macros);
  const place = sql.placeAt(sql.text.indexOf(text));
  return place === undefined ? 'nowhere' : `${place.file}:${place.line}:${place.column}`;
}

describe('a template', () => {
  it('prints values without escaping', () => {
    expect(render(`{{value}} {{{value}}}`, {}, { value: `a < 'b' & "c"` }).text).toBe(`a < 'b' & "c" a < 'b' & "c"`);
    expect(render('{{zero}} {{flag}}', {}, { zero: 0, flag: false }).text).toBe('0 false');
  });

  it('knows if, unless, each, with, lookup, block parameters and ../', () => {
    const rooms = [
      { name: 'a', parts: ['x', 'y'] },
      { name: 'b', parts: [] },
    ];
    const context = { rooms, suffix: '!' };
    const text = `{{#each rooms as |room number|}}{{number}}{{room.name}}{{#each room.parts as |part|}}{{room.name}}{{part}}{{../../suffix}}{{else}}none{{/each}}{{#unless @last}}, {{/unless}}{{/each}}`;
    expect(render(text, {}, context).text).toBe('0aax!ay!, 1bnone');
    expect(render('{{#with rooms}}{{length}}{{/with}} {{lookup rooms.[0] "name"}}', {}, context).text).toBe('2 a');
    expect(render('{{#if (same suffix "!")}}yes{{else if (yes)}}second{{else}}no{{/if}}', {}, context).text).toBe(
      'yes',
    );
    expect(render('{{#if (no)}}first{{else if (yes)}}second{{else}}no{{/if}}').text).toBe('second');
  });

  it('keeps block parameters inside the blocks of helpers', () => {
    expect(render('{{#each (numbers) as |n|}}{{#block}}{{n}}{{/block}}{{/each}}').text).toBe('12');
  });

  it('passes parameters to macros, which may call macros', () => {
    const macros = { outer: '[{{> inner value=value mark="!"}}]', inner: '{{value}}{{mark}}' };
    expect(render('{{> outer value="a + 1"}}', macros).text).toBe('[a + 1!]');
    expect(render('{{#each (numbers) as |n|}}{{> inner value=n mark=(put)}}{{/each}}', macros).text).toBe('1§2§');
    expect(render('{{#each (numbers)}}{{> inner value=this mark=""}}{{/each}}', macros).text).toBe('12');
  });

  it('does not glue a macro that stands alone on its line to the next line', () => {
    expect(render('select\n    {{> one}}\nfrom t', { one: '1' }).text).toBe('select\n    1\nfrom t');
    expect(render('select\r\n    {{> one}}\r\nfrom t', { one: '1' }).text).toBe('select\r\n    1\r\nfrom t');
    expect(render('select\n    {{> one ~}}\n, 2', { one: '1' }).text).toBe('select\n    1, 2');
  });

  it('leaves no empty line where a block stood alone on its line', () => {
    expect(render('select 1\n{{#if (yes)}}\nwhere true\n{{/if}}\nlimit 1').text).toBe('select 1\nwhere true\nlimit 1');
    expect(render('{{! a comment }}\nselect 1').text).toBe('select 1');
  });
});

describe('what is wrong in a template', () => {
  it.each([
    ['an unknown name', 'select 1,\n  {{nmae}}', '{{nmae}} is not defined', 2, 3],
    ['an unknown helper', 'select {{ruf "x"}}', '{{ruf}} is not defined', 1, 10],
    ['an unknown block helper', 'a\n{{#ech (numbers)}}{{/ech}}', '{{#ech}} is not defined', 2, 4],
    ['an unknown macro', 'a\n b {{> outlire x=1}}', 'there is no macro "outlire"', 2, 4],
    ['a number where a name stands', 'select {{12}}', '{{12}} is not defined', 1, 8],
    ['a macro inside of a file', 'a\n{{#*inline "one"}}1{{/inline}}', '{{*inline}} is not defined', 2, 1],
    ['an unknown argument of a macro', '{{> outlier value=vlue}}', '{{vlue}} is not defined', 1, 19],
    ['an unknown list', 'a\n{{#each roms as |room|}}{{room}}{{/each}}', '{{roms}} is not defined', 2, 9],
    ['an unknown condition', 'a\n{{#if flga}}{{/if}}', '{{flga}} is not defined', 2, 7],
    ['an unknown argument of a helper', '{{#if (same vlue 1)}}{{/if}}', '{{vlue}} is not defined', 1, 13],
    [
      'an unknown part of a block parameter',
      '\n{{#each list as |item|}}{{item.nmae}}{{/each}}',
      '{{item.nmae}} is not defined',
      2,
      25,
    ],
    ['an unknown part of an argument', '{{> outlier value=known.nmae}}', '{{known.nmae}} is not defined', 1, 19],
    ['what a helper refuses', 'select\n    {{fails}}', 'it fails', 2, 5],
    ['what a helper refuses as an argument', '{{#if (fails)}}{{/if}}', 'it fails', 1, 7],
    ['a helper where it makes no sense', '{{elsewhere}}', '{{elsewhere}} cannot be used here', 1, 1],
    ['a block that closes another', 'x\n{{#if (yes)}}\n{{/each}}', "if doesn't match each", 2, 4],
  ])('%s has its place', (_name, text, what, line, column) => {
    const problem = problemOf(text, { outlier: '{{value}}' }, { known: {}, list: [{ name: 'a' }] });
    expect(problem.what).toBe(what);
    expect(problem.place).toEqual({ file: 'models/m.sql', line, column });
    const [, quoted, caret] = formatProblem(problem, () => text).split('\n');
    expect(quoted).toBe(`  ${line} | ${text.split('\n')[line - 1]}`);
    expect(caret).toBe(`    | ${' '.repeat(column - 1)}^`);
  });

  it.each([
    ['a block that is not closed', 'select 1\n{{#if (yes)}}\nwhere', 2],
    ['a mustache that is not closed', 'select 1\nfrom {{put\nwhere x', 2],
    ['a name that cannot be read', 'select\n  {{put "x}}', 2],
  ])('%s has its line and says what was expected', (_name, text, line) => {
    const problem = problemOf(text);
    expect(problem.what).toMatch(/^the template cannot be read: \S.{5}/);
    expect(problem.place).toMatchObject({ file: 'models/m.sql', line });
    expect(formatProblem(problem, () => text)).toContain(text.split('\n')[line - 1]);
  });

  it('guesses what was meant', () => {
    expect(problemOf('{{nubmers}}').hint).toBe('Did you mean "numbers"?');
    expect(problemOf('{{#eech x}}{{/eech}}').hint).toBe('Did you mean "each"?');
    expect(problemOf('{{> outlire}}', { outlier: '' }).hint).toBe('Did you mean "outlier"?');
    expect(problemOf('{{> outlire}}').hint).toBe('Write it as macros/outlire.sql: a macro is a file there.');
    expect(problemOf('{{fails}}').hint).toBe('Do not call it.');
  });

  it('a macro called without one of its parameters is named with the line of the macro', () => {
    const macros = { outlier: 'case\n  when {{value}}\n{{field}}', wrap: '\n\n{{> outlier field="x"}}' };
    const problem = problemOf('{{> wrap}}', macros);
    expect(problem).toMatchObject({
      what: '{{value}} is not defined',
      place: { file: 'macros/outlier.sql', line: 2, column: 8 },
    });
    expect(formatProblem(problem, () => macros.outlier)).toContain(
      '\n  2 |   when {{value}}\n    |        ^\n  called at macros/wrap.sql:3:1\n  called at models/m.sql:1:1',
    );
    // What is wrong in the call itself needs no caller.
    expect(problemOf('{{> outlier value=nothing field="x"}}', macros)).toMatchObject({
      place: { file: 'models/m.sql', line: 1, column: 19 },
      detail: undefined,
    });
  });

  it.each([
    ['{{> to_chf column="1" b=2}}', { to_chf: '{{column}} * 2' }, 'takes no argument "b"', 'Known here: column.', 23],
    ['{{> to_chf colum="1"}}', { to_chf: '{{column}} * 2' }, 'takes no argument "colum"', 'Did you mean "column"?', 12],
    ['{{> m a=1}}', { m: '1' }, 'takes no argument "a"', 'It takes no arguments.', 7],
  ])('an argument that the macro does not take: %s', (template, macros, what, hint, column) => {
    const [name] = Object.keys(macros);
    expect(problemOf(template, macros)).toMatchObject({
      what: `the macro "${name}" ${what}`,
      hint,
      place: { file: 'models/m.sql', line: 1, column },
    });
  });

  it('an argument may be for a macro that the macro calls, in a block, or for what reads all of them', () => {
    const macros = {
      inner: '{{value}}',
      outer: '{{#if twice}}{{> inner}}, {{/if}}{{> inner}}',
      all: '{{#each this}}{{@key}}={{this}} {{/each}}',
      some: '{{#each list as |item|}}{{item}}{{factor}}{{/each}}',
    };
    const rendered = (text: string) =>
      environmentWith(macros).parse({ path: 'models/m.sql', text }).render({}, {}).text;
    expect(rendered('{{> outer value="1" twice=true}}')).toBe('1, 1');
    expect(rendered('{{> all b=1 c=2}}')).toMatch(/b=1/);
  });

  it('a fault after a macro is in the template again', () => {
    expect(problemOf('{{> one}}\n{{nmae}}', { one: '1' }).place).toEqual({ file: 'models/m.sql', line: 2, column: 1 });
  });

  it('every macro that cannot be read is named', () => {
    const failing = () => environmentWith({ a: '{{#if}', b: 'fine', c: '{{> nothing}}' });
    expect(failing).toThrow(ProjectError);
    expect(failing).toThrow(/macros\/a\.sql:1:6[\s\S]*macros\/c\.sql:1:1: there is no macro "nothing"/);
  });

  it('the marks of the runner may not stand in a file', () => {
    expect(problemOf('select \uFDD0').what).toContain('U+FDD0');
  });
});

describe('a position in compiled SQL is found again in the template', () => {
  it.each([
    ['plain text', 'select\n    nme\nfrom t', 'nme', 'models/m.sql:2:5'],
    ['text behind a value', 'select {{put}} + nme', 'nme', 'models/m.sql:1:18'],
    ['what a helper printed', 'select\n  {{put}}', '§', 'models/m.sql:2:3'],
    ['text in if', 'a\n{{#if (yes)}}\n  nme\n{{/if}}', 'nme', 'models/m.sql:3:3'],
    ['text in else', 'a\n{{#if (no)}}\n  b\n{{else}}\n  nme\n{{/if}}', 'nme', 'models/m.sql:5:3'],
    ['text in else if', 'a\n{{#if (no)}}\n  b\n{{else if (yes)}}\n  nme\n{{/if}}', 'nme', 'models/m.sql:5:3'],
    ['text in each', 'a\n{{#each (numbers)}}\n  x{{this}} nme\n{{/each}}', 'nme', 'models/m.sql:3:13'],
    ['text in a block of a helper', 'a\n{{#block}}\n  nme\n{{/block}}', 'nme', 'models/m.sql:3:3'],
    ['text in the else of a helper', 'a\n{{#otherwise}}\n{{else}}\n  nme\n{{/otherwise}}', 'nme', 'models/m.sql:4:3'],
    ['text after a block that stood alone', 'a\n{{#if (yes)}}\nb\n{{/if}}\n\n  nme', 'nme', 'models/m.sql:6:3'],
    ['text after a comment that stood alone', '  {{! x }}  \n nme', 'nme', 'models/m.sql:2:2'],
    ['text after ~', 'a {{~put~}}  \n\n  nme', 'nme', 'models/m.sql:3:3'],
    ['text behind an escaped mustache', 'a \\{{b}} {{put}} nme', 'nme', 'models/m.sql:1:18'],
    ['text in a macro', 'a {{> m}}', 'nme', 'macros/m.sql:2:3'],
    ['a parameter in a macro', 'a {{> m}}', 'ten', 'macros/m.sql:3:16'],
    ['text after a macro', 'a {{> m}} eft', 'eft', 'models/m.sql:1:11'],
    ['text after a macro that stood alone', 'a\n  {{> m}}\n eft', 'eft', 'models/m.sql:3:2'],
    ['text in a macro in a macro', '\n{{> n}}', 'nme', 'macros/m.sql:2:3'],
    ['umlauts and emoji before it', '-- größer 🏠🏠\n"Küche 🏠", nme', 'nme', 'models/m.sql:2:13'],
  ])('%s', (_name, template, text, place) => {
    const macros = { m: 'first\n  nme\n{{#with "ten"}}{{this}}{{/with}}', n: 'x {{> m}}' };
    expect(placeOf(text, template, macros)).toBe(place);
    expect(placeOf(text, template.replaceAll('\n', '\r\n'), macros)).toBe(place);
  });

  it('also counted in characters as PostgreSQL does, where JavaScript counts an emoji twice', () => {
    const sql = render('select 🏠🏠\n  {{put}} nme');
    const position = [...sql.text.slice(0, sql.text.indexOf('nme'))].length + 1;
    expect(sql.placeAt(sql.offsetOf(position))).toEqual({ file: 'models/m.sql', line: 2, column: 11 });
  });

  it('every character of a template that comes through unchanged', () => {
    const word = fc.constantFrom('select', 'größer', '🏠', '  ', '\t', ',', '(', "'x'", '{ x', 'x }} y', '--');
    const line = fc
      .tuple(fc.array(word, { maxLength: 4 }), fc.boolean())
      .map(([words, put]) => words.join(' ') + (put ? ' {{put}} x' : ''));
    const { block } = fc.letrec<{ block: string; body: string }>((tie) => ({
      body: fc
        .array(fc.oneof({ depthSize: 'small', withCrossShrink: true }, line, tie('block')), { maxLength: 4 })
        .map((parts) => parts.join('\n')),
      block: fc
        .record({
          kind: fc.constantFrom('#if (yes)', '#if (no)', '#each (numbers)', '#block', '#otherwise', '#unless (no)'),
          body: tie('body'),
          other: fc.option(tie('body')),
          indent: fc.constantFrom('', '  ', '\t'),
          alone: fc.boolean(),
          strip: fc.constantFrom('', '~'),
          before: fc.constantFrom('', '{{> m}}', '  {{> m}}\n', '{{! note }}', '{{!-- note --}}\n'),
        })
        .map(({ kind, body, other, indent, alone, strip, before }) => {
          const gap = alone ? `\n${indent}` : '';
          const otherwise = other === null ? '' : `{{${strip}else}}${gap}${other}${gap}`;
          const name = kind.slice(1).split(' ')[0];
          return `${indent}${before}{{${kind}${strip}}}${gap}${body}${gap}${otherwise}{{${strip}/${name}}}`;
        }),
    }));
    const template = fc
      .tuple(fc.array(fc.oneof(line, block as fc.Arbitrary<string>), { maxLength: 6 }), fc.constantFrom('\n', '\r\n'))
      // Every line gets its number, so that a place on a wrong line cannot be right by chance.
      .map(([parts, newline]) =>
        parts
          .join('\n')
          .split('\n')
          .map((text, index) => (index % 2 === 0 ? `${text}` : `${text} L${index}`))
          .join(newline),
      );
    fc.assert(
      fc.property(template, (text) => {
        const files: readonly SourceFile[] = [
          { path: 'models/m.sql', text },
          { path: 'macros/m.sql', text: 'ü macro\n {{put}} of 🏠\nthree lines' },
        ];
        const sql = environmentWith({ m: files[1]?.text ?? '' })
          .parse({ path: 'models/m.sql', text })
          .render(helpers, {});
        const misplaced = [...sql.text.split('').entries()].filter(
          ([offset, character]) => character !== '§' && characterAt(files, sql.placeAt(offset)) !== character,
        );
        expect(misplaced).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });
});

function characterAt(files: readonly SourceFile[], place: Place | undefined): string | undefined {
  const text = files.find((file) => file.path === place?.file)?.text.split('\n')[(place?.line ?? 0) - 1];
  return text === undefined ? undefined : `${text}\n`[(place?.column ?? 0) - 1];
}
