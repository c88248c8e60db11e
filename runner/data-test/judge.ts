import type { Queryable } from '../../warehouse/warehouse.ts';
import { statement } from '../database/statement.ts';
import type { TestNode, Verdict } from '../manifest/test-node.ts';
import { NodeError } from '../text/errors.ts';
import { formatPlace } from '../text/place.ts';
import { SqlText } from '../text/sql-text.ts';

/** What a test found, before or after its settings have been asked what that means. */
export interface Judged {
  readonly status: 'pass' | 'warn' | 'fail';
  /** How many bad rows the query returned, or what `fail_calc` made of them. */
  readonly failures: number;
}

/** The verdict where there must simply be no bad row. */
export function judgeCount({ severity }: Pick<TestNode, 'severity'>, failures: number): Judged {
  return { status: failures === 0 ? 'pass' : severity === 'warn' ? 'warn' : 'fail', failures };
}

/**
 * The statement that yields what a test's settings make of its bad rows. Pure.
 * @param before a common table expression that the query needs.
 * @example `select count(*) as failures, count(*) > 10 as warns, count(*) > 100 as fails from (...) as bad_rows`
 */
export function verdictSql({ failCalc, warnIf, errorIf, limit }: Verdict, bad: SqlText, before = ''): SqlText {
  return SqlText.join(
    `${before}select\n    ${failCalc} as failures,\n    (${failCalc}) ${warnIf} as warns,\n    (${failCalc}) ${errorIf} as fails\nfrom (\n`,
    bad,
    limit === undefined ? '\n) as bad_rows' : `\nlimit ${limit}\n) as bad_rows`,
  );
}

/**
 * Asks what a test with a verdict of its own makes of its bad rows, by dbt's rule: with severity `error` it fails if `error_if` holds;
 * otherwise it warns if `warn_if` holds; otherwise it passes.
 * @throws NodeError if `fail_calc` yields NULL; StatementError.
 */
export async function judge(
  on: Queryable,
  test: TestNode,
  verdict: Verdict,
  bad: SqlText,
  before = '',
): Promise<Judged> {
  const { rows } = await statement(on, verdictSql(verdict, bad, before).framedBy(test.place));
  const { failures, warns, fails } = rows[0] ?? {};
  if (failures === null || failures === undefined)
    throw new NodeError({
      what: `${test.name}: fail_calc yields NULL where there is no bad row`,
      where: formatPlace(test.place),
      hint: `Write e.g. fail_calc: "coalesce(${verdict.failCalc}, 0)".`,
    });
  const isFailure = test.severity === 'error' && fails === true;
  return { status: isFailure ? 'fail' : warns === true ? 'warn' : 'pass', failures: Number(failures) };
}

/** How many bad rows there may be, in the words of the settings; empty where there must be none. */
export function limitsOf({ verdict, severity }: TestNode, status: Judged['status']): string {
  if (verdict === undefined || status === 'pass') return '';
  const { failCalc, warnIf, errorIf } = verdict;
  const of = failCalc === 'count(*)' ? '' : `${failCalc} `;
  const [verb, limit] = status === 'fail' && severity === 'error' ? ['fails', errorIf] : ['warns', warnIf];
  return limit === '!= 0' ? '' : `${verb} if ${of}${limit}`;
}
