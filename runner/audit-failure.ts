import { literal } from '../warehouse/quote.ts';
import type { Queryable, Session } from '../warehouse/warehouse.ts';
import { type AuditOutcome, AuditsFailed, type FailedAudit } from './audit.ts';
import type { BuildContext } from './build-node.ts';
import { NodeError } from './errors.ts';
import type { ModelNode, SeedNode } from './manifest.ts';
import { formatPlace } from './place.ts';
import { thousands } from './report.ts';
import { retrying } from './retry.ts';

/** How many failures of one audit are remembered, the newest. */
const mostFailures = 20;

/**
 * Keeps the bad rows of audits that failed, in a transaction of its own: that of the model has been rolled back.
 * @returns what to tell of it; any other error as it is.
 */
export async function keepBadRows(context: BuildContext, node: ModelNode | SeedNode, error: unknown): Promise<unknown> {
  if (!(error instanceof AuditsFailed)) return error;
  const { warehouse } = context;
  try {
    await retrying(() => warehouse.transaction((session) => keepIn(session, context, node, error.failed)));
  } catch (fault) {
    return complaint(node, error.failed, {
      detail: `  Its rows could not be kept: ${fault instanceof Error ? fault.message : String(fault)}`,
      hint: 'The table is as it was before.',
    });
  }
  const [first] = error.failed;
  const query = keptRowsQuery(context.runId, first?.test.name ?? '');
  return complaint(node, error.failed, {
    detail: undefined,
    hint: `The table is as it was before. See the bad rows with: datacycle show --inline "${query}"`,
  });
}

/** The query that shows the kept rows of a failed audit, on one line and without a double quote, for a command line. */
export function keptRowsQuery(runId: string, test: string): string {
  return `select row from datacycle.audit_row where run_id = ${literal(runId)} and test = ${literal(test)} order by row_no`;
}

/** `1 bad row`, `2,000 bad rows` */
export function badRows(count: number): string {
  return `${thousands(count)} bad ${count === 1 ? 'row' : 'rows'}`;
}

/** What to tell of audits that found bad rows and let them pass. */
export function auditWarnings(outcomes: readonly AuditOutcome[]): readonly string[] {
  return outcomes.flatMap(({ test, failures }) =>
    failures === 0 ? [] : [`audit ${test.name} warns of ${badRows(failures)}`],
  );
}

/** Forgets the failed audits of a model from before a moment, with their rows. */
export async function forgetFailures(on: Queryable, model: string, before: Date): Promise<void> {
  await on.query('delete from datacycle.audit_failure where model = $1 and at < $2', [model, before.toISOString()]);
}

async function keepIn(
  session: Session,
  { runId, clock }: BuildContext,
  node: ModelNode | SeedNode,
  failed: readonly FailedAudit[],
): Promise<void> {
  const at = clock().toISOString();
  for (const { test, failures, rows } of failed) {
    await session.query('delete from datacycle.audit_failure where run_id = $1 and test = $2', [runId, test.name]);
    await session.query(
      'insert into datacycle.audit_failure (run_id, model, test, at, rows) values ($1, $2, $3, $4, $5)',
      [runId, node.name, test.name, at, failures],
    );
    await session.query(
      `insert into datacycle.audit_row (run_id, test, model, row_no, row)
       select $1, $2, $3, bad.row_no, bad.text::jsonb
       from unnest($4::text[]) with ordinality as bad (text, row_no)`,
      [runId, test.name, node.name, [...rows]],
    );
    await forgetOldest(session, test.name);
  }
}

async function forgetOldest(session: Queryable, test: string): Promise<void> {
  await session.query(
    `delete from datacycle.audit_failure
     where test = $1
         and run_id not in (
             select run_id
             from datacycle.audit_failure
             join datacycle.run using (run_id)
             where test = $1
             order by run_no desc
             limit ${mostFailures}
         )`,
    [test],
  );
}

function complaint(
  node: ModelNode | SeedNode,
  failed: readonly FailedAudit[],
  { detail, hint }: { readonly detail: string | undefined; readonly hint: string },
): NodeError {
  const [first, ...others] = failed;
  const more = others.map(
    ({ test, failures }) => `  audit ${test.name} found ${badRows(failures)}, at ${formatPlace(test.place)}`,
  );
  return new NodeError({
    what: `${node.name}: audit ${first?.test.name ?? ''} found ${badRows(first?.failures ?? 0)}`,
    place: first?.test.place,
    detail: [...more, detail].filter(Boolean).join('\n') || undefined,
    hint,
  });
}
