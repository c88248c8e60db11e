import { type Expression, NotConverted, readExpression } from '../../runner/template/jinja-expression.ts';
import { blanked } from '../../runner/text/place.ts';
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

const comment = /\{#[\s\S]*?#\}|\{%[-+]?\s*raw\s*[-+]?%\}[\s\S]*?\{%[-+]?\s*endraw\s*[-+]?%\}/g;

/** The blocks of a file, those in comments not among them, and what is around them, each line at its place. A parameter whose default cannot be read is a task. */
export function blocksOf(
  text: string,
  file: string,
  tasks: Task[],
): { readonly blocks: NamedBlock[]; readonly around: string } {
  let around = text;
  const blocks = [...text.replace(comment, blanked).matchAll(block)].map((match): NamedBlock => {
    const [whole, kind = '', name = '', parameters = '', seen = ''] = match;
    const start = match.index + whole.lastIndexOf(`${seen}{%`);
    const body = text.slice(start, start + seen.length);
    const line = text.slice(0, start).split('\n').length;
    const end = match.index + whole.length;
    around = around.slice(0, match.index) + blanked(whole) + around.slice(end);
    return { kind, name, body, file, line, parameters: parametersOf(parameters, file, line, tasks) };
  });
  return { blocks, around };
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
