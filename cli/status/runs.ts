import { hasRunNumbers } from '../../runner/state/schema.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { exists } from './source-state.ts';

export interface RunState {
  /** ISO text. */
  readonly startedAt: string;
  readonly command: string;
  readonly status: string;
  readonly seconds: number | null;
  readonly failed: number;
}

export interface NodeProblem {
  readonly node: string;
  readonly status: string;
  readonly message: string;
}

/** What runs are ordered by: their numbers, since a clock may jump back. */
async function runOrder(on: Queryable): Promise<string> {
  return (await hasRunNumbers(on)) ? 'run.run_no' : 'run.started_at';
}

/** The last five runs. */
export async function readRuns(on: Queryable): Promise<readonly RunState[]> {
  if (!(await exists(on, 'datacycle.run_result'))) return [];
  const { rows } = await on.query<RunState & Record<string, unknown>>(
    `select to_char(started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "startedAt", command, status,
         round(extract(epoch from finished_at - started_at)::numeric, 1)::float8 as seconds,
         (select count(*) from datacycle.run_result r where r.run_id = run.run_id and r.status in ('error', 'fail')) as failed
     from datacycle.run order by ${await runOrder(on)} desc limit 5`,
  );
  return rows;
}

/**
 * The seeds, models and tests whose last result was not good, of those that the project still has.
 * @param nodes their names.
 */
export async function readNodeProblems(on: Queryable, nodes: readonly string[]): Promise<readonly NodeProblem[]> {
  return lastResults(on, nodes, ['error', 'fail', 'skipped']);
}

/** The data tests that only warn and found something when they last ran: nothing is held back, and nobody has to come. */
export async function readWarnings(on: Queryable, nodes: readonly string[]): Promise<readonly NodeProblem[]> {
  return lastResults(on, nodes, ['warn']);
}

async function lastResults(
  on: Queryable,
  nodes: readonly string[],
  statuses: readonly string[],
): Promise<readonly NodeProblem[]> {
  if (!(await exists(on, 'datacycle.run_result'))) return [];
  const { rows } = await on.query<NodeProblem & Record<string, unknown>>(
    `select latest.node, latest.status, latest.message
     from (
         select distinct on (r.node) r.node, r.status, coalesce(r.message, '') as message
         from datacycle.run_result as r
         join datacycle.run using (run_id)
         where r.node = any($1::text[])
         order by r.node, ${await runOrder(on)} desc
     ) as latest
     where latest.status = any($2::text[])
     order by latest.status, latest.node`,
    [[...nodes], [...statuses]],
  );
  return rows;
}
