import { inSavepoint } from '../../warehouse/savepoint.ts';
import type { Session } from '../../warehouse/warehouse.ts';
import { newRowsOf } from '../data-test/audit.ts';
import type { BuiltNode } from '../manifest/manifest.ts';
import type { TestNode } from '../manifest/test-node.ts';
import { SqlText } from '../text/sql-text.ts';

/**
 * Runs tests of single rows on the rows that an increment has brought, in its transaction and all in one statement. All other rows
 * have passed before.
 * @param tests of this node, each with `newRows`.
 * @returns the number of bad rows of each, in the order of `tests`; undefined if the statement fails, whatever for: then the tests
 * run by themselves, and say why.
 */
export async function testNewRows(
  session: Session,
  node: BuiltNode,
  tests: readonly TestNode[],
): Promise<readonly number[] | undefined> {
  const counts = tests.flatMap(({ newRows }, index) =>
    newRows === undefined
      ? []
      : [SqlText.join(`(select count(*) from (\n`, newRows.sql, `\n) as bad_rows) as "${index}"`)],
  );
  if (counts.length === 0) return [];
  const sql = SqlText.join(newRowsOf(node), 'select\n', SqlText.list(counts, ',\n'));
  const counted = await inSavepoint(session, () => session.query<Readonly<Record<string, string>>>(sql.text)).catch(
    () => undefined,
  );
  return counted && tests.map((_, index) => Number(counted.rows[0]?.[index] ?? 0));
}
