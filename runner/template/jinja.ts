/*
 * What people who know dbt type by habit, and how it is written here. Only for messages: nothing of it is ever rendered.
 */

import { functionsHere, loopHere, otherForms, signsHere } from './counterparts.ts';
import { type Expression, NotConverted, pathOf, readExpression } from './jinja-expression.ts';

/** The first piece of Jinja in a text: where it begins, what is wrong and what to write. */
export interface Jinja {
  readonly index: number;
  readonly what: string;
  readonly hint: string;
}

const pieces =
  /\{\{[-+~]?\s*([^{}/>!&](?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*?)\s*[-+~]?\}\}|\{%[-+]?\s*(.*?)\s*[-+]?%\}|(?<!\{)\{#.*?#\}/gs;

/** Finds Jinja in a template without its comments. */
export function findJinja(text: string): Jinja | undefined {
  for (const match of text.matchAll(pieces)) {
    const [whole, printed, statement] = match;
    const { index } = match;
    if (whole.startsWith('{#'))
      return { index, what: 'there are no {# comments #} here', hint: 'Write {{!-- a comment --}}.' };
    if (statement !== undefined) return { index, what: 'there is no {% %} here', hint: `Write ${block(statement)}` };
    if (printed === undefined) continue;
    const condition = conditionIn(printed);
    if (condition !== undefined) return { index, what: 'a condition is one value, or a call', hint: condition };
    const [, name] = /^#?\s*([\w.]+)\(/.exec(printed) ?? [];
    if (name !== undefined)
      return { index, what: `{{${name}(...)}} is written without brackets here`, hint: call(name, printed) };
    if (/^[\w.]+(?:\s*\[[^\]]*\])?\s*\|/.test(printed))
      return {
        index,
        what: `there are no filters: ${whole}`,
        hint: 'Do it in SQL, or in the macro that makes the value.',
      };
    const sign = signIn(printed);
    if (sign !== undefined) return { ...sign, index: index + whole.indexOf(printed) + sign.index };
  }
  return undefined;
}

const value = String.raw`(?:'[^']*'|"[^"]*"|[\w.]+)`;
/** Without blanks, `a-b` is a name and `a/b` a path. */
const joined = new RegExp(String.raw`^(${value})(?:\s*([~+*%])\s*|\s+(-|//?)\s+)(${value})$`);
const itemOf = /^([A-Za-z_][\w.]*)\s*\[\s*([\w'"]+)\s*\]$/;
const commas = new RegExp(String.raw`^\w+\s+${value}\s*,`);

/** A sign, a comma or brackets between values that are printed; its index is one in `printed`. */
function signIn(printed: string): Jinja | undefined {
  const [, left = '', tight, spaced, right = ''] = joined.exec(printed) ?? [];
  const sign = tight ?? spaced;
  const index = sign === undefined ? 0 : printed.indexOf(sign, left.length);
  const plain = (one: string) => (/^['"]/.test(one) ? one.slice(1, -1) : `{{${one}}}`);
  if (sign === '~' || (sign === '+' && /^['"]/.test(left + right)))
    return {
      index,
      what: `there is no ${sign} here`,
      hint: `Write the values side by side: ${plain(left)}${plain(right)}`,
    };
  if (sign !== undefined)
    return { index, what: `there is no ${sign} here`, hint: 'Compute it in SQL, or put the value into a variable.' };
  const [, list, key = ''] = itemOf.exec(printed) ?? [];
  if (list !== undefined) {
    const place = /^['"]/.test(key) ? JSON.stringify(key.slice(1, -1)) : key;
    return { index, what: 'there are no square brackets here', hint: `Write {{lookup ${list} ${place}}}.` };
  }
  if (!commas.test(printed)) return undefined;
  return {
    index,
    what: 'there are no commas between arguments',
    hint: `Write {{${printed.replace(/\s*,\s*/g, ' ')}}}.`,
  };
}

/** How a condition is written that has signs between its parts; undefined for one that is written as it should be. */
function conditionIn(printed: string): string | undefined {
  const [, word, condition = ''] = /^(#if|#unless|else if)\s+([\s\S]+)$/.exec(printed) ?? [];
  const bare = condition.replace(/"[^"]*"|'[^']*'/g, '');
  if (word === undefined || !/[=!]=|[<>]|(?:^|\s)(?:and|or|in|not)\s/.test(bare)) return undefined;
  return `Write {{${word} ${translate(condition) ?? '(eq a b)'}}}; there are eq, ne, not, and, or, in.`;
}

/** What takes the place of a call that is printed. */
function call(name: string, printed: string): string {
  const own = habits.get(name);
  if (own !== undefined) return own;
  const translated = translate(printed);
  if (translated === undefined) return usual.get(name) ?? otherCall(name);
  return translated.startsWith('(') ? `Write {{${translated.slice(1, -1)}}}.` : otherCall(name);
}

/** Calls that have no counterpart of the same form. */
const habits: ReadonlyMap<string, string> = new Map([
  ['is_incremental', otherForms.is_incremental],
  ['config.get', 'Write the value itself, or {{var "name"}} for what several models share.'],
  ['run_query', otherForms.run_query],
  ['return', 'Write {{return (list "a" "b")}}, and call the macro by {{#each (call "name") as |one|}}.'],
  ['caller', 'Write {{> @partial-block}} in the macro, and {{#> name}} ... {{/name}} around what it gets.'],
]);

/** How calls are written whose arguments are too much for {@link translate}. */
const usual: ReadonlyMap<string, string> = new Map([
  ['config', 'Write {{config materialized="table" tags="a, b"}}, names and values without commas between.'],
  ['ref', 'Write {{ref "..."}}, the name in quotes.'],
  ['source', 'Write {{source "name" "table"}}.'],
  ['var', 'Write {{var "name"}} or {{var "name" "default"}}.'],
  ['env_var', otherForms.env_var],
]);

function otherCall(name: string): string {
  if (name.startsWith('adapter.') || name.startsWith('api.'))
    return 'There is no adapter: ask the catalog in SQL (pg_class, information_schema).';
  const [, macro = name] = /(?:^|\.)(\w+)$/.exec(name) ?? [];
  const copied = name.includes('.') ? ' (copied there: there are no packages)' : '';
  return `Write a macro of macros/${copied} as {{> ${macro} argument="..."}}, a helper as {{${macro} "..."}}.`;
}

/** What takes the place of a statement. */
function block(statement: string): string {
  const [, word = '', rest = ''] = /^(\w+)\s*([\s\S]*)$/.exec(statement) ?? [];
  switch (word) {
    case 'if':
    case 'elif': {
      const open = word === 'if' ? '#if' : 'else if';
      if (rest.replace(/\s/g, '') === 'is_incremental()') return '{{#incremental}} ... {{/incremental}}.';
      if (rest === 'execute')
        return 'what is inside alone: compiling needs no database, and nothing is executed by it.';
      return `{{${open} ${translate(rest) ?? '(eq a b)'}}} ... {{/if}}; there are eq, ne, not, and, or, in.`;
    }
    case 'else':
      return '{{else}}.';
    case 'endif':
    case 'endfor':
      return `{{/${word === 'endif' ? 'if' : 'each'}}}, and {{/incremental}} after {{#incremental}}.`;
    case 'for': {
      const [, one = 'one', list = ''] = /^(\w+)\s+in\s+([\s\S]+)$/.exec(rest) ?? [];
      return `{{#each ${translate(list) ?? '(list "a" "b")'} as |${one}|}} ... {{/each}}; {{@last}} and {{@index}} are inside.`;
    }
    case 'set': {
      const [, name, value = ''] = /^(\w+)\s*=\s*([\s\S]+)$/.exec(rest) ?? [];
      if (name === undefined) return 'a macro, a file in macros/, for a piece of text with a name.';
      return `{{set ${name}=${translate(value) ?? '"..."'}}}, or a variable in project.yml: {{var "${name}"}}.`;
    }
    case 'macro':
      return 'the macro as a file of its own in macros/; {{name}} in it is an argument.';
    case 'snapshot':
      return 'the select alone, in snapshots/ or with {{config materialized="snapshot"}} in models/.';
    case 'test':
    case 'data_test':
      return 'the query alone, in tests/generic/ in a file with the name of the test: {{model}} and {{column_name}} in it are what is tested, {{arguments name="text"}} declares the others.';
    case 'docs':
      return 'descriptions in the .yml, or docs blocks in a .md file.';
    case 'do':
      return `{{${translate(rest)?.replace(/^\(|\)$/g, '') ?? 'log "..." info=true'}}}.`;
    case 'call':
      return 'SQL that acts as a hook, and a macro around text as {{#> name}} ... {{/name}}.';
    case 'raw':
      return '\\{{ for what is to stay as it is.';
    default:
      return '{{#if ...}} ... {{/if}}, {{#each ...}} ... {{/each}} or {{#incremental}} ... {{/incremental}}.';
  }
}

/**
 * An expression of Jinja as it is written here, as an argument; undefined for what has no counterpart.
 * @example translate("env_var('X', 'a') == 'b'") === '(eq (env "X" "a") "b")'
 */
export function translate(text: string): string | undefined {
  try {
    return written(readExpression(text));
  } catch (error) {
    if (!(error instanceof NotConverted)) throw error;
    return undefined;
  }
}

function written(one: Expression): string {
  switch (one.kind) {
    case 'value':
      return typeof one.value === 'string' ? JSON.stringify(one.value) : String(one.value);
    case 'name':
    case 'part': {
      const path = pathOf(one);
      if (!/^[\w.]+$/.test(path)) throw new NotConverted('this has no counterpart');
      return loopHere.get(/^loop\.(\w+)$/.exec(path)?.[1] ?? '') ?? path;
    }
    case 'list':
      return helped('list', one.items.map(written));
    case 'object':
      return helped(
        'object',
        one.entries.map(([key, value]) => pair(key.kind === 'value' ? String(key.value) : pathOf(key), value)),
      );
    case 'call': {
      const { placed, named } = one.args;
      const args = [...placed.map(written), ...named.map(([name, value]) => pair(name, value))];
      const name = pathOf(one.of);
      return name === 'print' ? helped('log', [...args, 'info=true']) : helped(functionsHere.get(name), args);
    }
    case 'sign':
      return helped(signsHere.get(one.sign), operands(one, one.sign).map(written));
    default:
      throw new NotConverted('this has no counterpart');
  }
}

function helped(helper: string | undefined, args: readonly string[]): string {
  if (helper === undefined) throw new NotConverted('this has no counterpart');
  return `(${[helper, ...args].join(' ')})`;
}

function pair(key: string, value: Expression): string {
  return `${key}=${written(value)}`;
}

/** `a`, `b` and `c` of `a and b and c`, which is read as `(a and b) and c`. */
function operands(one: Expression, sign: string): readonly Expression[] {
  if (one.kind !== 'sign' || one.sign !== sign) return [one];
  const [first, ...rest] = one.parts;
  return first === undefined || !['and', 'or'].includes(sign) ? one.parts : [...operands(first, sign), ...rest];
}
