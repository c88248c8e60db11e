import { hasAuditRecords } from '../../runner/state/schema.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';

/** An audit that holds back what its model was to become. */
export interface FailedAudit {
  readonly model: string;
  readonly test: string;
  readonly runId: string;
  /** ISO text. */
  readonly at: string;
  /** How many bad rows it found, and how many of them are kept. */
  readonly badRows: number;
  readonly kept: number;
}

/**
 * The newest failure of each audit whose model has not been built since, of those that the project still has.
 * @param nodes their names.
 */
export async function readFailedAudits(on: Queryable, nodes: readonly string[]): Promise<readonly FailedAudit[]> {
  if (!(await hasAuditRecords(on))) return [];
  const { rows } = await on.query<FailedAudit & Record<string, unknown>>(
    `with newest as (
         select distinct on (failure.test) failure.*, run.run_no
         from datacycle.audit_failure as failure
         join datacycle.run using (run_id)
         where failure.model = any($1::text[]) and failure.test = any($1::text[])
         order by failure.test, run.run_no desc
     )
     select newest.model, newest.test, newest.run_id as "runId",
         to_char(newest.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at,
         newest.rows as "badRows",
         (select count(*) from datacycle.audit_row as r where r.run_id = newest.run_id and r.test = newest.test) as kept
     from newest
     where not exists (
         select from datacycle.run_result as result
         join datacycle.run using (run_id)
         where result.node = newest.model and result.status = 'success' and run.run_no > newest.run_no
     )
     order by newest.model, newest.test`,
    [[...nodes]],
  );
  return rows.map((row) => ({ ...row, badRows: Number(row.badRows), kept: Number(row.kept) }));
}
