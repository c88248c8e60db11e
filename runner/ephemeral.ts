import { identifier } from '../warehouse/quote.ts';
import { SqlText } from './sql-text.ts';

/** The name by which a model refers to an ephemeral model that is inlined into it. */
export function ephemeralName(name: string): string {
  return identifier(`ephemeral__${name}`);
}

/** Where the next word of SQL begins, after white space and comments; block comments may hold others. */
function skipBlank(text: string, from: number): number {
  const blank = /(?:\s|--[^\n]*)*/y;
  let at = from;
  for (;;) {
    blank.lastIndex = at;
    at += blank.exec(text)?.[0].length ?? 0;
    if (!text.startsWith('/*', at)) return at;
    const comment = /\/\*|\*\//g;
    comment.lastIndex = at;
    let depth = 0;
    do {
      const found = comment.exec(text);
      if (found === null) return text.length;
      depth += found[0] === '/*' ? 1 : -1;
    } while (depth > 0);
    at = comment.lastIndex;
  }
}

/** The end of the query's own `with` or `with recursive`; undefined if it has none. */
function endOfWith(text: string): number | undefined {
  const word = (at: number) => /^\w+/.exec(text.slice(at, at + 10))?.[0].toLowerCase();
  const start = skipBlank(text, 0);
  if (word(start) !== 'with') return undefined;
  const end = start + 'with'.length;
  const next = skipBlank(text, end);
  return word(next) === 'recursive' ? next + 'recursive'.length : end;
}

/** Puts ephemeral models before a query as common table expressions; `parts` are in dependency order. */
export function inlineEphemerals(
  sql: SqlText,
  parts: readonly { readonly name: string; readonly sql: SqlText }[],
): SqlText {
  if (parts.length === 0) return sql;
  const expressions = parts.flatMap((part, index) => [
    index === 0 ? '' : ',\n',
    `${ephemeralName(part.name)} as (\n`,
    part.sql,
    '\n)',
  ]);
  const end = endOfWith(sql.text);
  if (end === undefined) return SqlText.join('with ', ...expressions, '\n', sql);
  return SqlText.join(sql.slice(0, end), ' ', ...expressions, ',', sql.slice(end));
}
