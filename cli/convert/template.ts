import { NotConverted, readExpression } from './expression.ts';
import { type Piece, piecesOf } from './jinja-pieces.ts';
import { printed, type Scope, type Signature, written } from './write-expression.ts';

/** What a person has to do. */
export interface Task {
  readonly file: string;
  readonly line: number;
  readonly what: string;
}

/** A block that is open: how it ends, and what its loop names. */
interface Block {
  readonly ends: string;
  readonly close: string;
  readonly loops: readonly string[];
  readonly isLoop: boolean;
  /** Why the block as a whole stays Jinja. */
  readonly left: boolean;
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
  const blocks: Block[] = [];
  const convert = (piece: Piece): string => {
    if (piece.kind === 'text') return piece.written;
    if (piece.kind === 'comment') return `{{!-- ${piece.inside.replaceAll('--', '- -')} --}}`;
    if (piece.kind === 'raw') return piece.inside.replaceAll('{{', '\\{{');
    const loops = blocks.flatMap((block) => block.loops);
    const scope: Scope = { macros, loops, depth: blocks.filter(({ isLoop }) => isLoop).length };
    try {
      if (piece.kind === 'print') return printed(readExpression(piece.inside), scope);
      return statement(piece, scope, blocks);
    } catch (error) {
      if (!(error instanceof NotConverted)) throw error;
      tasks.push({ file, line: firstLine + piece.line - 1, what: `${error.message}: ${short(piece.written)}` });
      return left(piece.written);
    }
  };
  const made = trimmed(piecesOf(text)).map(convert).join('');
  for (const { ends } of blocks) tasks.push({ file, line: firstLine, what: `a block is not closed by ${ends}` });
  return made;
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

function statement({ inside, written: whole }: Piece, scope: Scope, blocks: Block[]): string {
  const [open, close] = ['{{', '}}'];
  const [, word = '', rest = ''] = /^(\w+)\s*([\s\S]*)$/.exec(inside) ?? [];
  const begin = (text: string, block: Partial<Block> & Pick<Block, 'ends' | 'close'>) => {
    blocks.push({ loops: [], isLoop: false, left: false, ...block });
    return text;
  };
  const last = blocks.at(-1);
  if (word.startsWith('end')) {
    if (last?.ends !== word) throw new NotConverted(`this ends no block that is open`);
    blocks.pop();
    return last.left ? left(whole) : last.close;
  }
  if ((word === 'else' || word === 'elif') && last?.left)
    throw new NotConverted('this belongs to a block that is not converted');
  try {
    switch (word) {
      case 'if':
        return condition(rest, scope, begin, open, close);
      case 'elif':
        return `${open}else if ${written(readExpression(rest), scope)}${close}`;
      case 'else':
        return `${open}else${close}`;
      case 'for':
        return loop(rest, scope, begin, open, close);
      case 'set': {
        const [, name, value] = /^(\w+)\s*=\s*([\s\S]+)$/.exec(rest) ?? [];
        if (name === undefined || value === undefined)
          throw new NotConverted('a block of text with a name: make it a macro, a file in macros/');
        if (scope.depth > 0)
          throw new NotConverted('a variable that is set within a loop is known there alone: write its value');
        return `${open}set ${name}=${written(readExpression(value), scope)}${close}`;
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

type Begin = (text: string, block: Partial<Block> & Pick<Block, 'ends' | 'close'>) => string;

const incremental = /^is_incremental\(\)$/;

function condition(rest: string, scope: Scope, begin: Begin, open: string, close: string): string {
  const ends = 'endif';
  if (incremental.test(rest.trim())) return begin(`${open}#incremental${close}`, { ends, close: '{{/incremental}}' });
  if (/^not\s+is_incremental\(\)$/.test(rest.trim()))
    return begin(`${open}^incremental${close}`, { ends, close: '{{/incremental}}' });
  const [, more] = /^is_incremental\(\)\s+and\s+([\s\S]+)$/.exec(rest.trim()) ?? [];
  if (more !== undefined)
    return begin(`${open}#incremental}}{{#if ${written(readExpression(more), scope)}${close}`, {
      ends,
      close: '{{/if}}{{/incremental}}',
    });
  return begin(`${open}#if ${written(readExpression(rest), scope)}${close}`, { ends, close: '{{/if}}' });
}

function loop(rest: string, scope: Scope, begin: Begin, open: string, close: string): string {
  const [, key, value, list = ''] = /^(\w+)(?:\s*,\s*(\w+))?\s+in\s+([\s\S]+)$/.exec(rest) ?? [];
  if (key === undefined || /\sif\s/.test(list)) throw new NotConverted('a loop with a condition: write {{#if}} in it');
  if (value !== undefined && !/\.items\(\)\s*$/.test(list))
    throw new NotConverted('a loop with several names goes through an object alone');
  const loops = value === undefined ? [key] : [value, key];
  const of = written(readExpression(list.replace(/\.items\(\)\s*$/, '')), scope);
  return begin(`${open}#each ${of} as |${loops.join(' ')}|${close}`, {
    ends: 'endfor',
    close: '{{/each}}',
    loops,
    isLoop: true,
  });
}
