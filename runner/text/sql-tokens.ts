/** A piece of SQL that only means something as a whole. */
export interface SqlToken {
  readonly kind: 'blank' | 'comment' | 'string' | 'name' | 'word' | 'sign';
  readonly start: number;
  readonly text: string;
}

/*
 * Blanks, line comments, strings with and without escapes, dollar quotes, quoted names; words hold the names and numbers.
 * What begins like one of them and never ends is a sign, as everything else is.
 */
const piece =
  /\s+|--[^\n]*|[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|(\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$)[\s\S]*?\1|"(?:[^"]|"")*"|[\p{L}\p{N}_][\p{L}\p{N}_$]*|[\s\S]/uy;

/** Splits SQL as PostgreSQL's lexer does, as far as needed to tell code from strings, names and comments. */
export function* sqlTokens(text: string): Generator<SqlToken> {
  for (let start = 0; start < text.length; ) {
    const end = text.startsWith('/*', start) ? endOfComment(text, start) : undefined;
    piece.lastIndex = start;
    const found = end === undefined ? (piece.exec(text)?.[0] ?? text.charAt(start)) : text.slice(start, end);
    yield { kind: kindOf(found), start, text: found };
    start += found.length;
  }
}

function kindOf(found: string): SqlToken['kind'] {
  const first = found.charAt(0);
  if (/\s/.test(first)) return 'blank';
  if (found.startsWith('--') || found.startsWith('/*')) return 'comment';
  if (found.length > 1 && (first === "'" || first === '$' || found.charAt(1) === "'")) return 'string';
  if (found.length > 1 && first === '"') return 'name';
  return /[\p{L}\p{N}_]/u.test(found) ? 'word' : 'sign';
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
