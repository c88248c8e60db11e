import { identifier } from '../warehouse/quote.ts';
import { SqlText } from './sql-text.ts';

/** The name by which a model refers to an ephemeral model that is inlined into it. */
export function ephemeralName(name: string): string {
  return identifier(`ephemeral__${name}`);
}

/** White space and comments at the beginning, then perhaps `with` and `recursive`. */
const beginning = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*(with\b(?:\s+recursive\b)?)?/i;

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
  const match = beginning.exec(sql.text);
  const end = match?.[0].length ?? 0;
  if (match?.[1] === undefined) return SqlText.join('with ', ...expressions, '\n', sql);
  return SqlText.join(sql.slice(0, end), ' ', ...expressions, ',', sql.slice(end));
}
