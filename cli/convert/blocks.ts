import { type Expression, NotConverted, readExpression } from './expression.ts';
import type { Task } from './template.ts';
import type { Signature } from './write-expression.ts';

/** A `{% macro %}`, `{% test %}` or `{% snapshot %}` block of a file. */
export interface NamedBlock extends Signature {
  readonly kind: string;
  readonly name: string;
  readonly body: string;
  readonly file: string;
  /** The line on which the body begins. */
  readonly line: number;
}

const block =
  /\{%[-+]?\s*(macro|test|data_test|snapshot|materialization)\s+(\w+)\s*(?:\(([\s\S]*?)\))?[^%]*?[-+]?%\}([\s\S]*?)\{%[-+]?\s*end\1\s*[-+]?%\}/g;

/** The blocks of a file, and what is around them. A parameter whose default cannot be read is a task. */
export function blocksOf(
  text: string,
  file: string,
  tasks: Task[],
): { readonly blocks: NamedBlock[]; readonly around: string } {
  const blocks = [...text.matchAll(block)].map((match): NamedBlock => {
    const [whole, kind = '', name = '', parameters = '', body = ''] = match;
    const before = text.slice(0, match.index + whole.indexOf(body, whole.indexOf('%}')));
    const line = before.split('\n').length;
    return { kind, name, body, file, line, parameters: parametersOf(parameters, file, line, tasks) };
  });
  return { blocks, around: text.replace(block, '').trim() };
}

function parametersOf(
  text: string,
  file: string,
  line: number,
  tasks: Task[],
): (readonly [string, Expression | undefined])[] {
  if (text.trim() === '') return [];
  try {
    const call = readExpression(`f(${text})`);
    if (call.kind !== 'call') return [];
    const placed = call.args.placed.map((one) => [one.kind === 'name' ? one.name : '', undefined] as const);
    return [...placed, ...call.args.named];
  } catch (error) {
    if (!(error instanceof NotConverted)) throw error;
    tasks.push({ file, line, what: `parameters that cannot be read: ${text}` });
    return [];
  }
}

/** The macros that count on PostgreSQL, where a macro only chooses one by the database: `default__x` becomes `x`. */
export function forPostgres(macros: readonly NamedBlock[]): NamedBlock[] {
  const byName = new Map(macros.map((macro) => [macro.name, macro]));
  const chosen = macros.map((macro) => {
    if (!macro.body.includes('adapter.dispatch')) return macro;
    const own = byName.get(`postgres__${macro.name}`) ?? byName.get(`default__${macro.name}`);
    return own === undefined ? macro : { ...own, name: macro.name, parameters: macro.parameters };
  });
  return chosen.filter(({ name }) => !(/^[a-z]+__/.test(name) && byName.has(name.replace(/^[a-z]+__/, ''))));
}
