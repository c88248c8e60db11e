import { identifier } from '../../../warehouse/quote.ts';
import { ephemeralTable } from '../../manifest/ephemeral-table.ts';
import type { Node } from '../../manifest/manifest.ts';
import { SqlText } from '../../text/sql-text.ts';
import { sqlTokens } from '../../text/sql-tokens.ts';

/** The name by which a model refers to an ephemeral model that is inlined into it. */
export function ephemeralName(name: string): string {
  return identifier(ephemeralTable(name));
}

/** The end of the query's own `with` or `with recursive`; undefined if it has none. */
function endOfWith(text: string): number | undefined {
  let end: number | undefined;
  for (const token of sqlTokens(text)) {
    if (token.kind === 'blank' || token.kind === 'comment') continue;
    const word = token.text.toLowerCase();
    if (word !== (end === undefined ? 'with' : 'recursive')) return end;
    const isLast = end !== undefined;
    end = token.start + token.text.length;
    if (isLast) return end;
  }
  return end;
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

/** The ephemeral models among `ids` and those that they read, each once, in dependency order. */
export function ephemeralsOf(
  ids: readonly string[],
  nodes: ReadonlyMap<string, Node>,
): { name: string; sql: SqlText }[] {
  const found = new Map<string, { name: string; sql: SqlText }>();
  const visit = (id: string) => {
    const node = nodes.get(id);
    if (node?.materialized !== 'ephemeral' || found.has(id)) return;
    for (const upstream of node.dependsOn) visit(upstream);
    found.set(id, { name: node.name, sql: node.fullSql });
  };
  for (const id of ids) visit(id);
  return [...found.values()];
}
