import { functionsHere, loopHere, signsHere } from '../../runner/template/counterparts.ts';
import { type Arguments, type Expression, NotConverted, pathOf } from '../../runner/template/jinja-expression.ts';
import { type Constant, constantOf, type Known } from './constants.ts';
import { packageMacros } from './package-macros.ts';

/** A macro of the project: its parameters in order, each with its default if it has one. */
export interface Signature {
  readonly parameters: readonly (readonly [string, Expression | undefined])[];
}

/** What names mean where an expression stands. */
export interface Scope {
  readonly macros: ReadonlyMap<string, Signature>;
  /** Names of loops, which Handlebars finds from within inner loops, too. */
  readonly loops: readonly string[];
  /** How many loops are around it. */
  readonly depth: number;
  /** What is known of variables that are set. */
  readonly known: Known;
  /** How many items the innermost loop goes through, if that is known. */
  readonly size: number | undefined;
  /** Lists what is converted, yet may mean something else. */
  readonly note: (what: string) => void;
}

/** What mostly makes the type that a value has here anyway, or changes white space alone: is left out and listed. */
const idle = ['trim', 'as_bool', 'as_number', 'as_native', 'string', 'list'];
/** What changes nothing in dbt either. */
const noChange = ['as_text', 'safe'];

/** What stands between the signs of the template language. */
export function tag(inside: string): string {
  return `{{${inside}}}`;
}

/** What takes the place of `{{ expression }}`. @throws NotConverted */
export function printed(of: Expression, scope: Scope): string {
  if (of.kind === 'value') return textOf(of, scope);
  if (of.kind === 'choice')
    return `${tag(`#if ${written(of.test, scope)}`)}${printed(of.then, scope)}{{else}}${printed(of.otherwise, scope)}{{/if}}`;
  const constant = of.kind === 'filter' ? constantOf(of, scope.known) : undefined;
  if (typeof constant === 'string' || typeof constant === 'number') return String(constant);
  if (isJoined(of)) return of.parts.map((one) => printed(one, scope)).join('');
  if (of.kind === 'filter' && !isTextValue(of.of)) {
    // Printed, a value is text in any case.
    if (noChange.includes(of.name) || of.name === 'string') return printed(of.of, scope);
    if (of.name === 'trim') {
      scope.note(leftOut(of.name));
      return printed(of.of, scope);
    }
  }
  if (of.kind === 'call') {
    const name = pathOf(of.of);
    if (name === 'return' && of.args.placed.length === 1 && isText(of.args.placed[0]))
      return printed(of.args.placed[0], scope);
    const ready = packageMacros[name.replace(/^(?:dbt_utils|dbt)\./, '')];
    if (/^(?:dbt_utils|dbt)\./.test(name) && ready !== undefined)
      return ready(named(of.args), (one) => textOf(one, scope));
    if (scope.macros.has(name)) return tag(`> ${[name, ...ofMacro(name, of.args, scope)].join(' ')}`);
  }
  const argument = written(of, scope);
  if (/^\d+$/.test(argument)) return argument;
  return tag(argument.replace(/^\(([\s\S]*)\)$/, '$1'));
}

/** Whether signs join texts: `+` adds numbers, unless one side is a text. */
function isJoined(of: Expression): of is Extract<Expression, { kind: 'sign' }> {
  return (
    of.kind === 'sign' &&
    (of.sign === '~' || (of.sign === '+' && of.parts.some((one) => isTextValue(one) || isJoined(one))))
  );
}

function isTextValue(one: Expression): one is { readonly kind: 'value'; readonly value: string } {
  return one.kind === 'value' && typeof one.value === 'string';
}

function leftOut(filter: string): string {
  return `the filter "${filter}" has no counterpart and is left out; look whether it matters here`;
}

function isText(one: Expression | undefined): one is Expression {
  return one?.kind === 'value' || one?.kind === 'name' || one?.kind === 'call';
}

function named({ placed, named: rest }: Arguments): ReadonlyMap<string, Expression> {
  return new Map([...placed.map((one, index) => [String(index), one] as const), ...rest]);
}

/** A value as text within SQL. */
function textOf(of: Expression, scope: Scope): string {
  if (of.kind === 'value') return of.value === null ? '' : String(of.value);
  return printed(of, scope);
}

/** An expression as an argument. @throws NotConverted */
export function written(of: Expression, scope: Scope): string {
  const all = (helper: string, parts: readonly Expression[]) =>
    `(${[helper, ...parts.map((one) => written(one, scope))].join(' ')})`;
  switch (of.kind) {
    case 'value':
      return typeof of.value === 'string' ? quoted(of.value) : String(of.value);
    case 'name':
      if (of.name === 'execute') return 'true';
      return nameOf(of.name, scope);
    case 'list':
      return all('list', of.items);
    case 'object':
      return `(${['object', ...of.entries.map(([key, value]) => pair(keyOf(key), value, scope))].join(' ')})`;
    case 'part':
      return partOf(of, scope);
    case 'call':
      return called(of, scope);
    case 'filter':
      return filtered(of, scope);
    case 'sign':
      return signed(of.sign, of.parts, all);
    case 'choice':
      throw new NotConverted('a choice within an expression: write {{#if}} around it');
  }
}

function signed(
  sign: string,
  parts: readonly Expression[],
  all: (helper: string, parts: readonly Expression[]) => string,
): string {
  const helper = signsHere.get(sign);
  if (helper === undefined)
    throw new NotConverted(`"${sign}" has no counterpart: compute it in SQL, or put the value into a variable`);
  return all(helper, parts);
}

function nameOf(name: string, { loops, depth }: Scope): string {
  // Within a loop, other names are those of what is around it.
  return loops.includes(name) ? name : `${'../'.repeat(depth)}${name}`;
}

function partOf({ of, key }: Extract<Expression, { kind: 'part' }>, scope: Scope): string {
  if (of.kind === 'name' && of.name === 'loop' && key.kind === 'value') {
    const name = loopHere.get(String(key.value));
    if (name !== undefined) return name;
    if (key.value === 'index' && scope.size !== undefined)
      return `(lookup (${['list', ...Array.from({ length: scope.size }, (_, index) => index + 1)].join(' ')}) @index)`;
    if (key.value === 'length' && scope.size !== undefined) return String(scope.size);
    throw new NotConverted(`loop.${key.value} has no counterpart; there are @first, @last and @index`);
  }
  const base = written(of, scope);
  if (key.kind === 'value' && /^[A-Za-z_]\w*$/.test(String(key.value)) && /^[@\w./]+$/.test(base))
    return `${base}.${key.value}`;
  return `(lookup ${base} ${written(key, scope)})`;
}

function filtered(whole: Extract<Expression, { kind: 'filter' }>, scope: Scope): string {
  const { of, name, args } = whole;
  const constant = constantOf(whole, scope.known);
  if (constant !== undefined) return constantText(constant);
  const [first] = args.placed;
  if (noChange.includes(name)) return written(of, scope);
  if (name === 'list' && (of.kind === 'list' || (of.kind === 'call' && pathOf(of.of) === 'range')))
    return written(of, scope);
  if (idle.includes(name)) {
    scope.note(leftOut(name));
    return written(of, scope);
  }
  if (name === 'join') return `(join ${written(of, scope)} ${first === undefined ? '""' : written(first, scope)})`;
  if ((name === 'default' || name === 'd') && of.kind === 'call' && of.args.placed.length === 1 && first !== undefined)
    return called({ ...of, args: { ...of.args, placed: [...of.args.placed, first] } }, scope);
  if (name === 'first' && of.kind === 'name') return `(lookup ${nameOf(of.name, scope)} 0)`;
  if (name === 'length' && of.kind === 'name') return `${nameOf(of.name, scope)}.length`;
  throw new NotConverted(`the filter "${name}" has no counterpart: do it in SQL`);
}

function constantText(value: Constant): string {
  if (Array.isArray(value)) return `(${['list', ...value.map(constantText)].join(' ')})`;
  return typeof value === 'string' ? quoted(value) : String(value);
}

function called({ of, args }: Extract<Expression, { kind: 'call' }>, scope: Scope): string {
  const name = pathOf(of);
  if (name === 'range' && args.placed.length === 1 && args.placed[0]?.kind === 'value')
    return `(${['list', ...Array.from({ length: Number(args.placed[0].value) }, (_, index) => index)].join(' ')})`;
  const helper = functionsHere.get(name);
  if (helper !== undefined)
    return `(${[helper, ...args.placed.map((one) => written(one, scope)), ...args.named.map(([key, value]) => pair(key, value, scope))].join(' ')})`;
  if (scope.macros.has(name)) return `(call ${[quoted(name), ...ofMacro(name, args, scope)].join(' ')})`;
  if (name.startsWith('adapter.') || ['run_query', 'statement'].includes(name) || name.endsWith('.get_column_values'))
    throw new NotConverted(
      `${name} asks the database while compiling: read it in SQL by a join, or put the values into a seed or a variable`,
    );
  if (name.includes('.'))
    throw new NotConverted(
      `there is no ${name}: of a package, copy the macro into macros/; of Python, write it in SQL`,
    );
  throw new NotConverted(`there is no macro "${name}" in the project`);
}

function ofMacro(name: string, { placed, named: rest }: Arguments, scope: Scope): string[] {
  const { parameters } = scope.macros.get(name) ?? { parameters: [] };
  if (placed.length > parameters.length) throw new NotConverted(`${name} takes ${parameters.length} arguments`);
  return parameters.flatMap(([parameter, byDefault], index) => {
    const value = placed[index] ?? rest.find(([key]) => key === parameter)?.[1] ?? byDefault;
    return value === undefined ? [] : [pair(parameter, value, scope)];
  });
}

function keyOf(key: Expression): string {
  if (key.kind !== 'value') throw new NotConverted('a key that is computed');
  return String(key.value);
}

function pair(key: string, value: Expression, scope: Scope): string {
  return `${key.replaceAll('-', '_')}=${written(value, scope)}`;
}

function quoted(text: string): string {
  if (text.includes('{{') || text.includes('{%'))
    throw new NotConverted('a template within a text: move it to the .yml');
  if (!text.includes('"')) return `"${text}"`;
  if (text.includes("'")) throw new NotConverted('a text with both kinds of quotes');
  return `'${text}'`;
}
