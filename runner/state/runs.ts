import type { Queryable } from '../../warehouse/warehouse.ts';
import { type Change, changeTogether } from './changes.ts';

export interface RunRecord {
  readonly runId: string;
  readonly command: string;
  readonly target: string;
  readonly startedAt: string;
}

/** Begins a run; runs that never finished (the process was killed) are closed as errors, since the lock is ours. */
export async function beginRun(session: Queryable, run: RunRecord): Promise<void> {
  await session.query(`update datacycle.run set status = 'error', finished_at = $1 where status = 'running'`, [
    run.startedAt,
  ]);
  await session.query(
    `insert into datacycle.run (run_id, command, target, started_at, status) values ($1, $2, $3, $4, 'running')`,
    [run.runId, run.command, run.target, run.startedAt],
  );
}

export async function finishRun(
  session: Queryable,
  runId: string,
  finishedAt: string,
  status: 'success' | 'error',
): Promise<void> {
  await session.query('update datacycle.run set finished_at = $2, status = $3 where run_id = $1', [
    runId,
    finishedAt,
    status,
  ]);
}

export interface ResultRecord {
  readonly runId: string;
  readonly node: string;
  readonly kind: string;
  readonly status: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly inserted?: number | undefined;
  readonly updated?: number | undefined;
  readonly deleted?: number | undefined;
  readonly message?: string | undefined;
}

/** Records what became of nodes, in one statement. */
export async function writeResults(session: Queryable, results: readonly ResultRecord[]): Promise<void> {
  if (results.length > 0) await changeTogether(session, [resultsChange(results)]);
}

/**
 * The change that records what became of nodes; a second record of a node replaces its first. Rows that were committed stay counted:
 * what fails after them takes none back.
 */
export function resultsChange(results: readonly ResultRecord[]): Change {
  return {
    sql: `insert into datacycle.run_result as was
         (run_id, node, kind, status, started_at, finished_at, rows_inserted, rows_updated, rows_deleted, message)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[],
         $7::bigint[], $8::bigint[], $9::bigint[], $10::text[])
     on conflict (run_id, node) do update set status = excluded.status, finished_at = excluded.finished_at,
         rows_inserted = coalesce(excluded.rows_inserted, was.rows_inserted),
         rows_updated = coalesce(excluded.rows_updated, was.rows_updated),
         rows_deleted = coalesce(excluded.rows_deleted, was.rows_deleted), message = excluded.message`,
    params: [
      results.map((result) => result.runId),
      results.map((result) => result.node),
      results.map((result) => result.kind),
      results.map((result) => result.status),
      results.map((result) => result.startedAt),
      results.map((result) => result.finishedAt),
      results.map((result) => result.inserted ?? null),
      results.map((result) => result.updated ?? null),
      results.map((result) => result.deleted ?? null),
      results.map((result) => result.message ?? null),
    ],
  };
}
