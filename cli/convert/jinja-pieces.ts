/** A piece of a Jinja template. */
export interface Piece {
  readonly kind: 'text' | 'print' | 'statement' | 'comment' | 'raw';
  /** As it is written, signs included. */
  readonly written: string;
  /** What is within the signs. */
  readonly inside: string;
  /** Whether white space before and after it is removed. */
  readonly trims: { readonly before: boolean; readonly after: boolean };
  /** Counted from 1. */
  readonly line: number;
}

const openings = /\{%[-+]?\s*raw\s*[-+]?%\}([\s\S]*?)\{%[-+]?\s*endraw\s*[-+]?%\}|\{#[\s\S]*?#\}|\{\{|\{%/g;
const marks = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[{}]|%\}/g;

/**
 * Where a piece ends whose signs open at a place; undefined if it is never closed. As in Jinja, a brace that is open within it is
 * closed first: `{{ config(meta={'a': {'b': 1}}) }}` is one piece.
 */
function endOf(template: string, at: number): number | undefined {
  const close = template.startsWith('{{', at) ? '}}' : '%}';
  let open = 0;
  marks.lastIndex = at + 2;
  for (let match = marks.exec(template); match !== null; match = marks.exec(template)) {
    const [mark] = match;
    if (open === 0 && template.startsWith(close, match.index)) return match.index + 2;
    if (mark === '{') open += 1;
    else if (mark === '}') open = Math.max(0, open - 1);
  }
  return undefined;
}

/** Cuts a template into its pieces; put together, what is written in them is the template again. */
export function piecesOf(template: string): Piece[] {
  const pieces: Piece[] = [];
  let line = 1;
  const add = (kind: Piece['kind'], written: string, inside: string) => {
    const trims = { before: /^\{[{%#]-/.test(written), after: /-[}%#]\}$/.test(written) };
    if (written !== '') pieces.push({ kind, written, inside, trims, line });
    line += written.split('\n').length - 1;
  };
  let end = 0;
  openings.lastIndex = 0;
  for (let match = openings.exec(template); match !== null; match = openings.exec(template)) {
    const [opening, raw] = match;
    const isWhole = opening.length > 2;
    const until = isWhole ? match.index + opening.length : endOf(template, match.index);
    if (until === undefined) continue;
    const written = template.slice(match.index, until);
    const before = template.slice(end, match.index);
    add('text', before, before);
    end = until;
    // What opens within a piece, in a text of it for example, opens none.
    openings.lastIndex = end;
    const inside = written
      .slice(2, -2)
      .replace(/^[-+]|[-+]$/g, '')
      .trim();
    if (raw !== undefined) add('raw', written, raw);
    else add(written.startsWith('{#') ? 'comment' : written.startsWith('{{') ? 'print' : 'statement', written, inside);
  }
  const rest = template.slice(end);
  add('text', rest, rest);
  return pieces;
}
