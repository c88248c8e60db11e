import { keptRowsQuery } from '../../runner/data-test/audit-failure.ts';
import { statement } from '../../runner/database/statement.ts';
import { hasRelation, type Node } from '../../runner/manifest/manifest.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { SqlText } from '../../runner/text/sql-text.ts';
import type { Rows } from '../../ui/data/state.ts';
import { relation } from '../../warehouse/quote.ts';
import type { Site } from './site.ts';

const mostRows = 500;

/**
 * Rows of a relation, or the bad rows of a data test; of an audit that failed those that it kept. Changes nothing.
 * @throws UsageError for a node without rows, and for a limit that is no number from 1 to 500.
 */
export async function rowsOf(site: Site, node: Node, limit: number): Promise<Rows> {
  if (!Number.isInteger(limit) || limit < 1 || limit > mostRows)
    throw new UsageError({ what: `the limit has to be a number from 1 to ${mostRows}` });
  const warehouse = await site.warehouse();
  const kept = node.kind === 'test' ? await keptRowsQuery(warehouse, node.name, false) : undefined;
  const sql = kept ?? queryOf(node);
  if (sql === undefined) throw new UsageError({ what: `${node.name} has no rows to show` });
  const { columns, rows } = await warehouse.transaction(async (session) => {
    await session.query('set transaction read only');
    return statement(session, SqlText.join('select *\nfrom (\n', sql, `\n) as shown\nlimit ${limit + 1}`), 'text');
  });
  return {
    columns,
    cells: rows.slice(0, limit).map((row) => columns.map((column) => text(row[column]))),
    more: rows.length > limit,
  };
}

function queryOf(node: Node): SqlText | undefined {
  if (node.kind === 'test') return node.sql;
  if (!hasRelation(node)) return undefined;
  return node.materialized === 'ephemeral' ? undefined : new SqlText(`select * from ${relation(node.relation)}`);
}

function text(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}
