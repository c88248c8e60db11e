/*
 * What people who know dbt type by habit, and how it is written here. Only for messages: nothing of it is ever rendered.
 */

/** The first piece of Jinja in a text: where it begins, what is wrong and what to write. */
export interface Jinja {
  readonly index: number;
  readonly what: string;
  readonly hint: string;
}

const pieces =
  /\{\{[-+~]?\s*([^{}/>!&](?:[^{}]|\{[^{}]*\})*?)\s*[-+~]?\}\}|\{%[-+]?\s*(.*?)\s*[-+]?%\}|(?<!\{)\{#.*?#\}/gs;

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
  }
  return undefined;
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
  ['is_incremental', 'Write {{#incremental}} ... {{/incremental}}.'],
  ['config.get', 'Write the value itself, or {{var "name"}} for what several models share.'],
  ['run_query', 'Compiling needs no database: read it in SQL by a join, or put the values into a seed or a variable.'],
  ['return', 'Write {{return (list "a" "b")}}, and call the macro by {{#each (call "name") as |one|}}.'],
  ['caller', 'Write {{> @partial-block}} in the macro, and {{#> name}} ... {{/name}} around what it gets.'],
]);

/** How calls are written whose arguments are too much for {@link translate}. */
const usual: ReadonlyMap<string, string> = new Map([
  ['config', 'Write {{config materialized="table" tags="a, b"}}, names and values without commas between.'],
  ['ref', 'Write {{ref "..."}}, the name in quotes.'],
  ['source', 'Write {{source "name" "table"}}.'],
  ['var', 'Write {{var "name"}} or {{var "name" "default"}}.'],
  ['env_var', 'Write {{env "NAME"}} or {{env "NAME" "default"}}.'],
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
  const tokens = text.match(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[\w.]+|==|!=|[^\s]/g) ?? [];
  const reader = new Reader(tokens);
  const found = reader.either();
  return reader.isDone ? found : undefined;
}

/** Functions of dbt that are called otherwise here. */
const names: ReadonlyMap<string, string> = new Map([
  ['env_var', 'env'],
  ['exceptions.raise_compiler_error', 'raise_compiler_error'],
  ['exceptions.warn', 'warn'],
  ['loop.last', '@last'],
  ['loop.first', '@first'],
  ['loop.index0', '@index'],
  ['print', 'log'],
]);
const functions = [
  'ref',
  'source',
  'var',
  'env_var',
  'doc',
  'config',
  'log',
  'print',
  'exceptions.raise_compiler_error',
  'exceptions.warn',
];
const constants: ReadonlyMap<string, string> = new Map([
  ['True', 'true'],
  ['False', 'false'],
  ['None', 'null'],
  ['none', 'null'],
]);

class Reader {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  get isDone(): boolean {
    return this.#at >= this.#tokens.length;
  }

  either(): string | undefined {
    return this.#series('or', () => this.#series('and', () => this.#negated()));
  }

  #series(word: string, part: () => string | undefined): string | undefined {
    const parts = [part()];
    while (this.#take(word)) parts.push(part());
    if (parts.includes(undefined)) return undefined;
    return parts.length === 1 ? parts[0] : `(${word} ${parts.join(' ')})`;
  }

  #negated(): string | undefined {
    if (!this.#take('not')) return this.#compared();
    const what = this.#negated();
    return what && `(not ${what})`;
  }

  #compared(): string | undefined {
    const left = this.#value();
    const sign = this.#take('==') ? 'eq' : this.#take('!=') ? 'ne' : this.#take('in') ? 'in' : undefined;
    if (sign === undefined || left === undefined) return left;
    const right = this.#value();
    return right && `(${sign} ${left} ${right})`;
  }

  #value(): string | undefined {
    const token = this.#next();
    if (token === undefined) return undefined;
    if (/^['"]/.test(token)) return JSON.stringify(token.slice(1, -1).replace(/\\(.)/g, '$1'));
    if (token === '(') {
      const inside = this.either();
      return this.#take(')') ? inside : undefined;
    }
    if (token === '[') return this.#all(']', 'list', () => this.either());
    if (token === '{') return this.#all('}', 'object', () => this.#pair(':'));
    if (!/^[\w.]+$/.test(token)) return undefined;
    if (!this.#take('(')) return /^\d/.test(token) ? token : (constants.get(token) ?? names.get(token) ?? token);
    if (!functions.includes(token)) return undefined;
    const made = this.#all(')', names.get(token) ?? token, () => this.#pair('=') ?? this.either());
    return token === 'print' ? made?.replace(/\)$/, ' info=true)') : made;
  }

  #pair(sign: string): string | undefined {
    const [key, then] = [this.#tokens[this.#at], this.#tokens[this.#at + 1]];
    if (key === undefined || then !== sign) return undefined;
    this.#at += 2;
    const value = this.either();
    return value && `${key.replace(/^['"]|['"]$/g, '')}=${value}`;
  }

  #all(end: string, helper: string, part: () => string | undefined): string | undefined {
    const parts = [helper];
    while (!this.#take(end)) {
      const one = part();
      if (one === undefined) return undefined;
      parts.push(one);
      if (!this.#take(',') && this.#tokens[this.#at] !== end) return undefined;
    }
    return `(${parts.join(' ')})`;
  }

  #next(): string | undefined {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    return token;
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }
}
