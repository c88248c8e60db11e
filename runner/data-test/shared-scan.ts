import type { Result } from '../../warehouse/warehouse.ts';
import type { BadRow, TestNode } from '../manifest/test-node.ts';
import { SqlText } from '../text/sql-text.ts';

/** A test with the condition of its bad rows. */
export type OfBadRows = TestNode & { readonly badRow: BadRow };

/** Whether a test fails because of any row that meets its condition, so that it can share the reading of its relation with others. */
export function canShareScan(test: TestNode): test is OfBadRows {
  return test.badRow !== undefined;
}

/**
 * The statement that counts the bad rows of several tests of one relation in one reading, each in the column of its number. Pure.
 * @example `select count(*) filter (where "a" is null) as "0", count(*) filter (where "b" is null) as "1" from "s"."t" as "t"`
 */
export function sharedScanSql(from: string, tests: readonly OfBadRows[]): SqlText {
  const counts = tests.map(({ badRow }, index) =>
    SqlText.join('    count(*) filter (where ', badRow.condition, `\n    ) as "${index}"`),
  );
  return SqlText.join('select\n', SqlText.list(counts, ',\n'), `\nfrom ${from}`);
}

/**
 * Reads a relation once for several tests of it.
 * @param query runs the statement; in a transaction, so that this goes on if it fails.
 * @param tests of one relation; fewer than two are not worth it.
 * @returns those that have no bad row, and so pass. All others run by themselves: those with bad rows to report them, and all
 * of them if the statement fails, so that an error in one condition is reported for that test alone.
 */
export async function passedInSharedScan(
  query: (sql: string) => Promise<Result>,
  tests: readonly OfBadRows[],
): Promise<ReadonlySet<TestNode>> {
  const [first] = tests;
  if (first === undefined || tests.length < 2) return new Set();
  try {
    const { rows } = await query(sharedScanSql(first.badRow.from, tests).text);
    return new Set(tests.filter((_, index) => Number(rows[0]?.[index]) === 0));
  } catch {
    return new Set();
  }
}
