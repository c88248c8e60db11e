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

const signs =
  /\{%[-+]?\s*raw\s*[-+]?%\}([\s\S]*?)\{%[-+]?\s*endraw\s*[-+]?%\}|\{#[\s\S]*?#\}|\{\{(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|(?!\}\})[^'"])*?\}\}|\{%(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|(?!%\})[^'"])*?%\}/g;

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
  for (const match of template.matchAll(signs)) {
    const [written, raw] = match;
    const before = template.slice(end, match.index);
    add('text', before, before);
    end = match.index + written.length;
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
