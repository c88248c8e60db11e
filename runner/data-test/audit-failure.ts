import { identifier, literal } from '../../warehouse/quote.ts';
import type { Queryable, Session, Warehouse } from '../../warehouse/warehouse.ts';
import { retrying } from '../database/locks/retry.ts';
import type { BuiltNode } from '../manifest/manifest.ts';
import { hasAuditRecords } from '../state/schema.ts';
import { NodeError } from '../text/errors.ts';
import { thousands } from '../text/figures.ts';
import { formatPlace } from '../text/place.ts';
import { SqlText } from '../text/sql-text.ts';
import { type AuditOutcome, AuditsFailed, type FailedAudit } from './audit.ts';

/** How many failures of one audit are recorded, the newest. */
const mostFailures = 20;

/** The run whose audit failed, and where its bad rows are kept. */
export interface AuditRun {
  readonly warehouse: Warehouse;
  readonly runId: string;
  readonly clock: () => Date;
}

/**
 * Keeps the bad rows of audits that failed, in a transaction of its own: that of the model has been rolled back.
 * @returns what to tell of it; any other error as it is.
 */
export async function keepBadRows(run: AuditRun, cause: BuiltNode, error: unknown): Promise<unknown> {
  if (!(error instanceof AuditsFailed)) return error;
  const { node, failed, retained } = error;
  // A materialized view that was made again with what it reads.
  const held = node.id === cause.id ? undefined : `  ${cause.name} waits, since ${node.name} would show its new rows.`;
  try {
    await retrying(() => run.warehouse.transaction((session) => keepIn(session, run, node, failed)));
  } catch (fault) {
    const lost = `  Its bad rows could not be recorded: ${fault instanceof Error ? fault.message : String(fault)}`;
    return complaint(node, failed, {
      detail: [held, lost],
      hint: 'The table is as it was before.',
    });
  }
  const [first] = failed;
  return complaint(node, failed, {
    detail: [held],
    hint: [
      `The table is as it was before. See the bad rows with: ${showKept(first?.test.name ?? '')}`,
      retained === 0 ? '' : pointedAt(node, retained),
    ].join(''),
  });
}

/** What to do where bad rows may be such as a rebuild keeps, because facts that wait for it point at them. */
function pointedAt({ name }: BuiltNode, retained: number): string {
  const rows = retained === 1 ? '1 row is' : `${thousands(retained)} rows are`;
  return `\n  ${rows} only there because others point there. If those are the bad ones, build the others first: datacycle build --select ${name}+ --exclude ${name}`;
}

/** The command that shows the kept rows of the newest failure of an audit. */
export function showKept(test: string): string {
  return `datacycle show --kept --select ${test}`;
}

/**
 * The query for the kept rows of the newest failure of an audit, or of any audit of a model: a column for each of theirs.
 * @param asJson their values are JSON, so that numbers stay numbers; else text.
 * @returns undefined if none is kept.
 */
export async function keptRowsQuery(on: Queryable, name: string, asJson: boolean): Promise<SqlText | undefined> {
  if (!(await hasAuditRecords(on))) return undefined;
  const { rows } = await on.query<{ run_id: string; test: string; names: string[] }>(
    `select f.run_id, f.test, array(
         select jsonb_object_keys(a.row)
         from datacycle.audit_row as a
         where a.run_id = f.run_id and a.test = f.test and a.row_no = 1
     ) as names
     from datacycle.audit_failure as f
     join datacycle.run using (run_id)
     where $1 in (f.test, f.model)
     order by run.run_no desc, f.test
     limit 1`,
    [name],
  );
  const [newest] = rows;
  if (newest === undefined || newest.names.length === 0) return undefined;
  const arrow = asJson ? '->' : '->>';
  const columns = newest.names.map((column) => `a.row ${arrow} ${literal(column)} as ${identifier(column)}`);
  return new SqlText(`select ${columns.join(', ')}
from datacycle.audit_row as a
where a.run_id = ${literal(newest.run_id)} and a.test = ${literal(newest.test)}
order by a.row_no`);
}

/** `1 bad row`, `2,000 bad rows` */
export function badRows(count: number): string {
  return `${thousands(count)} bad ${count === 1 ? 'row' : 'rows'}`;
}

/** The warnings of audits that found bad rows and let them pass. */
export function auditWarnings(outcomes: readonly AuditOutcome[]): readonly string[] {
  return outcomes.flatMap(({ test, failures }) =>
    failures === 0 ? [] : [`audit ${test.name} warns of ${badRows(failures)}`],
  );
}

/** Deletes the record of a model's failed audits from before a moment, with their rows. */
export async function deleteFailures(on: Queryable, model: string, before: Date): Promise<void> {
  await on.query('delete from datacycle.audit_failure where model = $1 and at < $2', [model, before.toISOString()]);
}

async function keepIn(
  session: Session,
  { runId, clock }: AuditRun,
  node: BuiltNode,
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
    await deleteOldest(session, test.name);
  }
}

async function deleteOldest(session: Queryable, test: string): Promise<void> {
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
  node: BuiltNode,
  failed: readonly FailedAudit[],
  { detail, hint }: { readonly detail: readonly (string | undefined)[]; readonly hint: string },
): NodeError {
  const [first, ...others] = failed;
  const more = others.map(
    ({ test, failures }) => `  audit ${test.name} found ${badRows(failures)}, at ${formatPlace(test.place)}`,
  );
  return new NodeError({
    what: `${node.name}: audit ${first?.test.name ?? ''} found ${badRows(first?.failures ?? 0)}`,
    place: first?.test.place,
    detail: [...more, ...detail].filter(Boolean).join('\n') || undefined,
    hint,
  });
}
