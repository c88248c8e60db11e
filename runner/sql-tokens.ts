/** A piece of SQL that only means something as a whole. */
export interface SqlToken {
  readonly kind: 'blank' | 'comment' | 'string' | 'name' | 'word' | 'sign';
  readonly start: number;
  readonly text: string;
}

/*
 * Strings with and without escapes, dollar quotes, quoted names; words hold the names and numbers. What begins like one of
 * them and never ends is a sign, as everything else is.
 */
const piece =
  /(?<blank>\s+)|(?<comment>--[^\n]*)|(?<string>[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|(?<quote>\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$)[\s\S]*?\k<quote>)|(?<name>"(?:[^"]|"")*")|(?<word>[\p{L}\p{N}_][\p{L}\p{N}_$]*)|[\s\S]/uy;

/** Splits SQL as PostgreSQL's lexer does, as far as needed to tell code from strings, names and comments. */
export function* sqlTokens(text: string): Generator<SqlToken> {
  for (let start = 0; start < text.length; ) {
    const end = text.startsWith('/*', start) ? endOfComment(text, start) : undefined;
    piece.lastIndex = start;
    const match = end === undefined ? piece.exec(text) : null;
    const { blank, comment, string, name, word } = match?.groups ?? {};
    const kind =
      end !== undefined || comment !== undefined
        ? 'comment'
        : blank !== undefined
          ? 'blank'
          : string !== undefined
            ? 'string'
            : name !== undefined
              ? 'name'
              : word !== undefined
                ? 'word'
                : 'sign';
    const found = end === undefined ? (match?.[0] ?? text.charAt(start)) : text.slice(start, end);
    yield { kind, start, text: found };
    start += found.length;
  }
}

/** Where a block comment ends, which may hold others; undefined if it does not. */
function endOfComment(text: string, start: number): number | undefined {
  const sign = /\/\*|\*\//g;
  sign.lastIndex = start;
  let depth = 0;
  do {
    const found = sign.exec(text);
    if (found === null) return undefined;
    depth += found[0] === '/*' ? 1 : -1;
  } while (depth > 0);
  return sign.lastIndex;
}
