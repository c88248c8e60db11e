import fc from 'fast-check';
import Handlebars from 'handlebars';
import { expect, test } from 'vitest';
import { Evaluator } from '../../../../runner/template/evaluate.ts';
import { rounds } from '../../../integration/rounds.ts';

/*
 * Handlebars itself is what the evaluation is compared with: random templates of all that it knows give the same text, or fail in both.
 */
const context = {
  one: 'eins',
  none: null,
  empty: [],
  list: ['x', 'y', 'z'],
  rows: [
    { one: 1, list: ['a'], none: null },
    { one: 2, list: [], part: { deep: 'd' } },
  ],
  object: { part: { deep: 'tief' }, one: 'teil', list: ['p', 'q'] },
};

/** A value as a text that tells it from others. */
function shown(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : `${typeof value}:${String(value)}`;
}

function shownCall(args: readonly unknown[], hash: Readonly<Record<string, unknown>>): string {
  const named = Object.keys(hash).sort();
  return [...args.map(shown), ...named.map((name) => `${name}=${shown(hash[name])}`)].join(',');
}

const paths = [
  ...[
    'this',
    '.',
    '..',
    '../..',
    'one',
    './one',
    'this.one',
    '../one',
    'none',
    'list',
    'empty',
    'rows',
    'object',
    'object.part.deep',
  ],
  ...[
    '../list',
    '@root.one',
    '@root',
    '@index',
    '@key',
    '@first',
    '@last',
    '@../index',
    'p',
    'q',
    'p.one',
    '../p',
    'list.length',
  ],
  ...['"text"', '12', 'true', 'false', 'null', 'undefined'],
];
const path = fc.constantFrom(...paths);
const value: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: path },
  fc.tuple(path, path).map(([first, second]) => `(show ${first} a=${second})`),
  fc.tuple(path, fc.constantFrom('"one"', '0', '"constructor"')).map(([of, key]) => `(lookup ${of} ${key})`),
);

/** @param macros those that it may call: no macro calls itself. */
function template(macros: readonly string[], depth: number): fc.Arbitrary<string> {
  const text = fc.constantFrom('text ', ' \n', '\n', '  ', '{{! said to nobody }}');
  const print = fc
    .tuple(fc.constantFrom('{{', '{{~', '{{{'), value)
    .map(([open, one]) => `${open}show ${one}${open === '{{{' ? '}}}' : '}}'}`);
  if (depth === 0) return fc.oneof(text, print);
  const inside = template(macros, depth - 1);
  const block = fc
    .tuple(
      fc.constantFrom('if', 'unless', 'each', 'with', 'block'),
      value,
      fc.constantFrom('', ' as |p|', ' as |p q|'),
      inside,
      inside,
    )
    .chain(([name, one, names, body, other]) => {
      // Of these, Handlebars itself knows no parameters.
      const given = name === 'each' || name === 'with' ? names : '';
      return fc.constantFrom(
        `{{#${name} ${one}${given}}}${body}{{else}}${other}{{/${name}}}`,
        `{{#${name} ${one}${given}}}\n${body}\n{{~/${name}}}`,
        `{{#if ${one}}}${body}{{else ${name} ${one}}}${other}{{/if}}`,
      );
    });
  const call = fc
    .tuple(
      fc.constantFrom(...macros, 'missing'),
      fc.constantFrom('', ' one=', ' object one=', ' rows p='),
      value,
      inside,
    )
    .chain(([name, how, one, body]) => {
      const args = how === '' ? '' : `${how}${one}`;
      return fc.constantFrom(
        `{{> ${name}${args}}}`,
        `\n  {{> ${name}${args}}}\n`,
        `{{#> ${name}${args}}}${body}{{/${name}}}`,
        `{{> (name "${name}")}}`,
        '{{> @partial-block}}',
        `{{> @partial-block one=${one}}}`,
      );
    });
  return fc.array(fc.oneof(text, print, block, block, call), { maxLength: 4 }).map((parts) => parts.join(''));
}

const project = fc.record({
  inner: template([], 2),
  outer: template(['inner'], 2),
  main: template(['inner', 'outer'], 3),
});

function byHandlebars({
  inner,
  outer,
  main,
}: {
  readonly inner: string;
  readonly outer: string;
  readonly main: string;
}): string {
  const handlebars = Handlebars.create();
  handlebars.registerHelper({
    show: (...all: unknown[]) => shownCall(all.slice(0, -1), (all.at(-1) as Handlebars.HelperOptions).hash),
    name: (one: string) => one,
    block(this: unknown, one: unknown, options: Handlebars.HelperOptions) {
      return one ? `[${options.fn(this)}]` : options.inverse(this);
    },
  });
  const compiled = (text: string) =>
    handlebars.compile(handlebars.parse(text), {
      noEscape: true,
      preventIndent: true,
      knownHelpers: { show: true, name: true, block: true },
    });
  handlebars.registerPartial({ inner: compiled(inner), outer: compiled(outer) });
  return compiled(main)(context);
}

function evaluated({
  inner,
  outer,
  main,
}: {
  readonly inner: string;
  readonly outer: string;
  readonly main: string;
}): string {
  const evaluator = new Evaluator();
  evaluator.addBuiltIns(['if', 'unless', 'each', 'with', 'lookup']);
  evaluator.addHelper('show', (_context, args, { hash }) => shownCall(args, hash));
  evaluator.addHelper('name', (_context, [one]) => one);
  evaluator.addHelper('block', (of, [one], { fn, inverse }) => (one ? `[${fn?.(of)}]` : inverse?.(of)));
  evaluator.addPartial('inner', Handlebars.parse(inner));
  evaluator.addPartial('outer', Handlebars.parse(outer));
  return evaluator.render(Handlebars.parse(main), context);
}

/** What comes out; of a failure, that it failed. */
function outcome(work: () => string): string {
  try {
    return work();
  } catch (error) {
    return error instanceof Error ? 'failed' : 'what is thrown is no error';
  }
}

test('a template gives what Handlebars makes of it', () => {
  const numRuns = rounds({ gate: 200, long: 3000 });
  let failed = 0;
  let longest = 0;
  fc.assert(
    fc.property(project, (templates) => {
      const expected = outcome(() => byHandlebars(templates));
      if (expected === 'failed') failed += 1;
      longest = Math.max(longest, expected.length);
      expect(outcome(() => evaluated(templates))).toBe(expected);
    }),
    { numRuns },
  );
  expect(failed).toBeLessThan(numRuns / 2);
  expect(longest).toBeGreaterThan(200);
});
