import { type Expression, NotConverted, readExpression } from '../../runner/template/jinja-expression.ts';
import { type Constant, constantOf } from './constants.ts';
import { type Piece, piecesOf } from './jinja-pieces.ts';
import { printed, type Scope, type Signature, tag, written } from './write-expression.ts';

/** What a person has to do. */
export interface Task {
  readonly file: string;
  readonly line: number;
  readonly what: string;
  /** It is converted, or left aside for a reason that rarely matters: to be looked at, not to be done. */
  readonly toLookAt?: true;
}

/** A block that is open: how it ends, and what its loop names. */
interface Block {
  readonly ends: string;
  readonly close: string;
  readonly loops: readonly string[];
  /** How many items its loop goes through, if that is known. */
  readonly size?: number | undefined;
  /** Why the block as a whole stays Jinja. */
  readonly left: boolean;
  /** Of `is_incremental() and x`: the pieces from its first `else` on belong to the full form, too. */
  readonly isBoth: boolean;
  otherwise?: number;
}

/**
 * A template of dbt as one of this program. What has no counterpart stays as a comment that begins with `CONVERT:`, and is a task.
 * @param tasks gets what is left to do.
 * @param firstLine of the text in its file.
 */
export function convertTemplate(
  text: string,
  file: string,
  macros: ReadonlyMap<string, Signature>,
  tasks: Task[],
  firstLine = 1,
): string {
  const pieces = trimmed(piecesOf(text));
  const known = knownOf(pieces);
  const blocks: Block[] = [];
  const made: string[] = [];
  const convert = (piece: Piece): string => {
    if (piece.kind === 'text') return piece.written;
    if (piece.kind === 'comment') return `{{!-- ${piece.inside.replaceAll('--', '- -')} --}}`;
    if (piece.kind === 'raw') return piece.inside.replaceAll('{{', '\\{{');
    const loops = blocks.flatMap((block) => block.loops);
    const place = { file, line: firstLine + piece.line - 1 };
    const described = (what: string) => `${what}: ${short(piece.written)}`;
    const note = (what: string) => void tasks.push({ ...place, what: described(what), toLookAt: true });
    const around = blocks.filter((block) => block.loops.length > 0);
    const scope: Scope = { macros, loops, depth: around.length, known, size: around.at(-1)?.size, note };
    try {
      if (piece.kind === 'print') return printed(readExpression(piece.inside), scope);
      return statement(piece, scope, blocks, made);
    } catch (error) {
      if (!(error instanceof NotConverted)) throw error;
      tasks.push({ ...place, what: described(error.message) });
      return left(piece.written);
    }
  };
  for (const piece of pieces) made.push(convert(piece));
  for (const { ends } of blocks) tasks.push({ file, line: firstLine, what: `a block is not closed by ${ends}` });
  return made.join('');
}

/**
 * White space that signs remove is removed here: Handlebars would, of a sign alone on its line, remove the line break after it, too, and
 * join two words.
 */
function trimmed(pieces: readonly Piece[]): Piece[] {
  return pieces.map((piece, index) => {
    if (piece.kind !== 'text') return piece;
    const before = pieces[index - 1]?.trims.after ? piece.written.trimStart() : piece.written;
    return { ...piece, written: pieces[index + 1]?.trims.before ? before.trimEnd() : before };
  });
}

function left(text: string): string {
  return `{{!-- CONVERT: ${text.replaceAll('--', '- -')} --}}`;
}

function short(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}

function statement({ inside, written: whole }: Piece, scope: Scope, blocks: Block[], made: string[]): string {
  const [, word = '', rest = ''] = /^(\w+)\s*([\s\S]*)$/.exec(inside) ?? [];
  const begin = (text: string, block: Partial<Block> & Pick<Block, 'ends' | 'close'>) => {
    blocks.push({ loops: [], left: false, isBoth: false, ...block });
    return text;
  };
  const last = blocks.at(-1);
  if (word.startsWith('end')) {
    if (last?.ends !== word) throw new NotConverted(`this ends no block that is open`);
    blocks.pop();
    return last.left ? left(whole) : closed(last, made);
  }
  if ((word === 'else' || word === 'elif') && last?.left)
    throw new NotConverted('this belongs to a block that is not converted');
  if (last !== undefined && (word === 'else' || word === 'elif')) last.otherwise ??= made.length;
  try {
    switch (word) {
      case 'if':
        return condition(rest, scope, begin);
      case 'elif':
        return tag(`else if ${written(readExpression(rest), scope)}`);
      case 'else':
        return tag('else');
      case 'for':
        return loop(rest, scope, begin);
      case 'set': {
        const [, name, value] = setting.exec(inside) ?? [];
        if (name === undefined || value === undefined)
          throw new NotConverted('a block of text with a name: make it a macro, a file in macros/');
        if (scope.depth > 0)
          throw new NotConverted('a variable that is set within a loop is known there alone: write its value');
        return tag(`set ${name}=${written(readExpression(value), scope)}`);
      }
      case 'do':
        return printed(readExpression(rest), scope);
      default:
        throw new NotConverted(`{% ${word} %} has no counterpart`);
    }
  } catch (error) {
    // What it would have opened has an end, which stays with it.
    const opens = ['if', 'for', 'call', 'filter', 'snapshot', 'macro', 'test', 'materialization'].includes(word);
    if (opens || (word === 'set' && !rest.includes('='))) begin('', { ends: `end${word}`, close: '', left: true });
    throw error;
  }
}

const setting = /^set\s+(\w+)\s*=\s*([\s\S]+)$/;

/** Methods that change a list. */
const changing = /(\w+)\s*\.\s*(?:append|extend|insert|remove|pop|clear|sort|reverse)\s*\(/g;

/** The variables that are set to a constant, each once and outside of every block. */
function knownOf(pieces: readonly Piece[]): Map<string, Constant> {
  const known = new Map<string, Constant>();
  const often = new Set<string>();
  let depth = 0;
  for (const { kind, inside } of pieces) {
    if (kind !== 'statement' && kind !== 'print') continue;
    for (const [, one = ''] of inside.matchAll(changing)) often.add(one);
    if (kind === 'print') continue;
    const [, word = ''] = /^(\w+)/.exec(inside) ?? [];
    const [, name, value = ''] = setting.exec(inside) ?? [];
    // What a loop or a macro names hides a variable of that name.
    const [, hidden = ''] = /^(?:for|macro)\s+([\s\S]+?)(?:\sin\s|$)/.exec(inside) ?? [];
    for (const one of [name, ...(hidden.match(/\w+/g) ?? [])]) {
      if (one === undefined) continue;
      if (known.has(one) || one !== name || depth > 0) often.add(one);
    }
    const constant = name === undefined || depth > 0 ? undefined : constantIn(value, known);
    if (name !== undefined && constant !== undefined) known.set(name, constant);
    else if (name !== undefined) often.add(name);
    if (['if', 'for', 'macro', 'call', 'filter'].includes(word)) depth += 1;
    else if (word.startsWith('end') && word !== 'endset' && word !== 'endraw') depth -= 1;
  }
  for (const name of often) known.delete(name);
  return known;
}

function constantIn(text: string, known: ReadonlyMap<string, Constant>): Constant | undefined {
  try {
    return constantOf(readExpression(text), known);
  } catch (error) {
    if (error instanceof NotConverted) return undefined;
    throw error;
  }
}

type Begin = (text: string, block: Partial<Block> & Pick<Block, 'ends' | 'close'>) => string;

const incremental = /^is_incremental\(\)$/;

function condition(rest: string, scope: Scope, begin: Begin): string {
  const ends = 'endif';
  if (incremental.test(rest.trim())) return begin(tag('#incremental'), { ends, close: '{{/incremental}}' });
  if (/^not\s+is_incremental\(\)$/.test(rest.trim()))
    return begin(tag('^incremental'), { ends, close: '{{/incremental}}' });
  const test = readExpression(rest);
  const more = besidesIncremental(test);
  if (more !== undefined)
    return begin(`${tag('#incremental')}${tag(`#if ${written(more, scope)}`)}`, {
      ends,
      close: '{{/if}}{{/incremental}}',
      isBoth: true,
    });
  return begin(tag(`#if ${written(test, scope)}`), { ends, close: '{{/if}}' });
}

/** `x` of `is_incremental() and x`. */
function besidesIncremental(one: Expression): Expression | undefined {
  if (one.kind !== 'sign' || one.sign !== 'and') return undefined;
  const [first, second] = one.parts;
  if (first === undefined || second === undefined) return undefined;
  if (first.kind === 'call' && first.of.kind === 'name' && first.of.name === 'is_incremental') return second;
  const more = besidesIncremental(first);
  return more === undefined ? undefined : { ...one, parts: [more, second] };
}

/** The end of a block. What follows `else` in `is_incremental() and x` is so in the full form, too, and stands there again. */
function closed({ close, isBoth, otherwise }: Block, made: readonly string[]): string {
  if (!isBoth || otherwise === undefined) return close;
  const [sign = '', ...body] = made.slice(otherwise);
  // An `elif` that stays Jinja is listed already, and nothing can be said of what follows it.
  if (!sign.startsWith('{{else')) return close;
  const again = sign === '{{else}}' ? body.join('') : `${sign.replace('{{else if', '{{#if')}${body.join('')}{{/if}}`;
  return `{{/if}}{{else}}${again}{{/incremental}}`;
}

function loop(rest: string, scope: Scope, begin: Begin): string {
  const [, key, value, list = ''] = /^(\w+)(?:\s*,\s*(\w+))?\s+in\s+([\s\S]+)$/.exec(rest) ?? [];
  if (key === undefined || /\sif\s/.test(list)) throw new NotConverted('a loop with a condition: write {{#if}} in it');
  if (value !== undefined && !/\.items\(\)\s*$/.test(list))
    throw new NotConverted('a loop with several names goes through an object alone');
  const loops = value === undefined ? [key] : [value, key];
  const through = readExpression(list.replace(/\.items\(\)\s*$/, ''));
  const items = constantOf(through, scope.known);
  return begin(tag(`#each ${written(through, scope)} as |${loops.join(' ')}|`), {
    ends: 'endfor',
    size: Array.isArray(items) ? items.length : undefined,
    close: '{{/each}}',
    loops,
  });
}
