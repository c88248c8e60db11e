import { BadRequest } from '../query/bad-request.ts';

/** A piece of `$filter`. `word`: a name, an operator or a value that is not in quotes. */
export interface Token {
  readonly kind: 'word' | 'text' | '(' | ')' | ',' | 'end';
  readonly text: string;
}

/** Longer filters are not read, in characters. */
const longest = 4000;

/** @throws BadRequest for what no token begins with. */
export function tokensOf(filter: string): readonly Token[] {
  if (filter.length > longest) throw new BadRequest(`$filter has more than ${longest} characters`);
  const tokens: Token[] = [];
  const next = /\s*(?:'((?:[^']|'')*)'|([(),])|([^\s(),']+))/y;
  while (next.lastIndex < filter.trimEnd().length) {
    const at = next.lastIndex;
    const match = next.exec(filter);
    if (match === null)
      throw new BadRequest(
        `$filter: a text that begins at character ${at + 1} has no end`,
        "Texts are in single quotes, and a quote within is written twice: 'it''s'.",
      );
    const [, text, mark, word] = match;
    if (text !== undefined) tokens.push({ kind: 'text', text: text.replaceAll("''", "'") });
    else if (mark === '(' || mark === ')' || mark === ',') tokens.push({ kind: mark, text: mark });
    else tokens.push({ kind: 'word', text: word ?? '' });
  }
  return [...tokens, { kind: 'end', text: 'the end' }];
}
