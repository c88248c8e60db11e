// Data tests are queries that return bad rows.
//
//   run-test.ts       runs one after its model has been committed; one that a constraint of the database proves is not run
//   judge.ts          what its settings make of the bad rows; bad-rows.ts stores them, or reads the first of them
//   shared-scan.ts    reads a relation once for all tests of it that know a bad row by its columns
//   audit.ts          runs those with `audit` inside the model's transaction. Bad rows throw AuditsFailed: all is rolled back
//   audit-failure.ts  then records the failure and its first bad rows, in a transaction of its own
//
// If an audit fails, readers still see the old rows, and the bad ones are in datacycle.audit_row.
import type { StatementError } from '../../warehouse/errors.ts';
import { identifier, relation } from '../../warehouse/quote.ts';
import { inSavepoint } from '../../warehouse/savepoint.ts';
import type { Row, Session } from '../../warehouse/warehouse.ts';
import { isTransient } from '../database/locks/retry.ts';
import { explain, statement } from '../database/statement.ts';
import type { BuiltNode, Manifest } from '../manifest/manifest.ts';
import type { TestNode } from '../manifest/test-node.ts';
import { sameKeyOf } from '../materialize/difference.ts';
import type { DependentView } from '../materialize/parts/recreate-views.ts';
import { staged } from '../materialize/parts/step.ts';
import type { Decision } from '../plan/decision.ts';
import type { SourceTexts } from '../text/errors.ts';
import { SqlText } from '../text/sql-text.ts';
import { type Judged, judge, judgeCount } from './judge.ts';
import { holds, RelationCache, type TestOutcome } from './run-test.ts';
import { canShareScan, passedInSharedScan } from './shared-scan.ts';

/** How many bad rows of an audit are kept for inspection. */
export const mostRows = 1000;

/** What an audit found. */
export interface AuditOutcome {
  readonly test: TestNode;
  readonly failures: number;
  /** A constraint of the database makes bad rows impossible. */
  readonly proven: boolean;
}

/** An audit that failed, with the first of its bad rows as JSON. */
export interface FailedAudit extends AuditOutcome {
  readonly rows: readonly string[];
}

/** Thrown inside a model's transaction, so that it is rolled back; the rows have been read before. */
export class AuditsFailed extends Error {
  /** Whose audits they are. */
  readonly node: BuiltNode;
  readonly failed: readonly FailedAudit[];
  /** Rows that nothing makes any more, but others still point at: they may be the bad ones. */
  readonly retained: number;

  constructor(node: BuiltNode, failed: readonly FailedAudit[], retained: number) {
    super(`${failed.length} audits failed`);
    this.node = node;
    this.failed = failed;
    this.retained = retained;
  }
}

/** The audits of a node, by name. */
export function auditsOf({ index }: Manifest, { id }: BuiltNode): readonly TestNode[] {
  return index.audits.get(id) ?? [];
}

/**
 * The query for an audit's bad rows in the transaction that has built `node`, and the common table expression before it, which
 * names the rows to test: of an increment the new ones, otherwise all. Pure.
 */
export function auditSql(
  test: TestNode,
  node: BuiltNode,
  mode: Decision['mode'],
): { readonly before: string; readonly sql: SqlText } {
  const newRows = test.audit?.newRows;
  if (newRows === undefined || mode !== 'increment') return { before: '', sql: test.sql };
  return { before: newRowsOf(node), sql: newRows };
}

/** The common table expression that has the bare name of a node's table and the rows that an increment has just brought. Pure. */
export function newRowsOf(node: BuiltNode): string {
  const key = node.config.unique_key ?? [];
  const { schema, name } = node.relation;
  // As the table has them now: an increment may keep columns or whole rows as they were.
  const rows =
    key.length === 0
      ? `select * from ${staged}`
      : `select t.*\n    from ${staged} as n\n    join ${relation(schema, name)} as t on ${sameKeyOf({ uniqueKey: key })}`;
  // The test may have a common table expression of the same name, which takes precedence inside it.
  return `with ${identifier(name)} as (\n    ${rows}\n)\n`;
}

/** The statement that counts an audit's bad rows and yields the first of them as JSON, in one reading. Pure. */
export function badRowsSql(...audit: Parameters<typeof auditSql>): SqlText {
  const { before, sql } = auditSql(...audit);
  return SqlText.join(
    `${before}select to_jsonb(bad_rows.*)::text as row, count(*) over () as failures\nfrom (\n`,
    sql,
    `\n) as bad_rows\nlimit ${mostRows}`,
  );
}

/**
 * Runs the audits of a node that has just been built, in its transaction.
 * @param retained how many rows are only there because others point at them.
 * @param audits those to run; all of the node unless given.
 * @returns what those found that let it pass: nothing, or bad rows that are only warned of.
 * @throws AuditsFailed if any speaks against a commit; NodeError if the query of one cannot be run.
 */
export async function runAudits(
  session: Session,
  context: { readonly manifest: Manifest; readonly sourceText: SourceTexts },
  node: BuiltNode,
  mode: Decision['mode'],
  retained: number,
  audits = auditsOf(context.manifest, node),
): Promise<readonly AuditOutcome[]> {
  if (mode === 'skip') return [];
  const relations = new RelationCache(session);
  const passed: AuditOutcome[] = [];
  const failed: FailedAudit[] = [];
  const due: TestNode[] = [];
  for (const test of audits) {
    const proof = test.provenBy;
    if (proof === undefined || !holds(proof, await relations.get(proof.relation))) due.push(test);
    else passed.push({ test, failures: 0, proven: true });
  }
  const ofAllRows = due.filter(({ audit }) => mode !== 'increment' || audit?.newRows === undefined);
  const clean = await passedInSharedScan(
    (sql) => inSavepoint(session, () => session.query(sql)),
    ofAllRows.filter(canShareScan),
  );
  for (const test of due) {
    if (clean.has(test)) {
      passed.push({ test, failures: 0, proven: false });
      continue;
    }
    const [rows, judged] = await badRowsOf(session, test, node, mode).catch((error: unknown) => {
      if (isTransient(error)) throw error;
      const { file } = test;
      const hint = ({ code }: StatementError) =>
        code === '42P01' ? `Build what it reads first: datacycle build --select +${node.name}` : undefined;
      throw explain(error, { name: `audit ${test.name}`, file, sourceText: context.sourceText, hint });
    });
    const outcome = { test, failures: judged.status === 'pass' ? 0 : judged.failures, proven: false };
    if (judged.status !== 'fail') passed.push(outcome);
    else failed.push({ ...outcome, rows: rows.map(({ row }) => String(row)) });
  }
  if (failed.length > 0) throw new AuditsFailed(node, failed, retained);
  return passed;
}

/** The verdict of an audit, and its first bad rows; those of one with a verdict of its own only if it fails. */
async function badRowsOf(
  session: Session,
  test: TestNode,
  node: BuiltNode,
  mode: Decision['mode'],
): Promise<readonly [readonly Row[], Judged]> {
  const read = async () => (await statement(session, badRowsSql(test, node, mode))).rows;
  if (test.verdict === undefined) {
    const rows = await read();
    return [rows, judgeCount(test, Number(rows[0]?.failures ?? 0))];
  }
  const { before, sql } = auditSql(test, node, mode);
  const judged = await judge(session, test, test.verdict, sql, before);
  return [judged.status === 'fail' ? await read() : [], judged];
}

/**
 * Runs the audits of the materialized views that a transaction has made again, since what they read had to go: their rows are
 * those of now from its commit on. Those that read something else as well wait for the view's own turn, when that is built.
 * @throws AuditsFailed | NodeError as {@link runAudits}.
 */
export async function auditRemade(
  session: Session,
  context: Parameters<typeof runAudits>[1],
  views: readonly Pick<DependentView, 'kind' | 'populated' | 'model' | 'isAsBuilt'>[],
): Promise<void> {
  const names = new Set(
    views.flatMap(({ kind, populated, model, isAsBuilt }) =>
      // A view whose SQL has changed was recreated as it was, but its audits are about its new SQL.
      kind === 'materialized view' && populated && model !== undefined && isAsBuilt ? [model.name] : [],
    ),
  );
  if (names.size === 0) return;
  for (const node of context.manifest.nodes.values()) {
    if (node.kind !== 'model' || !names.has(node.name)) continue;
    const own = auditsOf(context.manifest, node).filter(({ dependsOn }) => dependsOn.every((id) => id === node.id));
    await runAudits(session, context, node, 'replace', 0, own);
  }
}

/** What an audit that let its model pass says of its test. */
export function outcomeOf({ failures, proven }: AuditOutcome): TestOutcome {
  return { status: failures === 0 ? 'pass' : 'warn', failures, proven };
}
