import { isWork } from '../../runner/manifest/manifest.ts';
import { UsageError } from '../../runner/text/errors.ts';
import type { RunBar, RunDetail, RunList, RunSummary } from '../../ui/data/state.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { excerptOf } from './excerpt.ts';
import { lanesOf } from './lanes.ts';
import type { Site } from './site.ts';
import { hasRuns } from './states.ts';

const iso = (time: string) => `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** So many runs are listed, the newest first. */
const listed = 60;

export async function runList(site: Site): Promise<RunList> {
  const on = await site.warehouse();
  if (!(await hasRuns(on))) return { runs: [] };
  return { runs: await readRuns(on, 'true', []) };
}

/** @throws UsageError for a run that is not recorded. */
export async function runOf(site: Site, id: string): Promise<RunSummary> {
  const on = await site.warehouse();
  const [run] = (await hasRuns(on)) ? await readRuns(on, 'run.run_id = $1', [id]) : [];
  if (run === undefined) throw new UsageError({ what: `there is no run "${id}"`, hint: 'It may have been pruned.' });
  return run;
}

/** One run as a chart of bars. @throws UsageError for a run that is not recorded. */
export async function runDetail(site: Site, id: string): Promise<RunDetail> {
  const on = await site.warehouse();
  const run = await runOf(site, id);
  const { manifest, project } = await site.compiled();
  const ids = new Map([...manifest.nodes.values()].filter(isWork).map((node) => [node.name, node.id]));
  const { rows } = await on.query<Omit<RunBar, 'id' | 'lane' | 'excerpt'> & Record<string, unknown>>(
    `select result.node, result.kind, result.status, coalesce(result.message, '') as message,
         greatest(extract(epoch from result.started_at - run.started_at), 0)::float8 as start,
         greatest(extract(epoch from result.finished_at - result.started_at), 0)::float8 as seconds,
         result.rows_inserted::float8 as inserted, result.rows_updated::float8 as updated,
         result.rows_deleted::float8 as deleted
     from datacycle.run_result as result
     join datacycle.run using (run_id)
     where result.run_id = $1
     order by result.started_at, result.finished_at, result.node`,
    [id],
  );
  const lanes = lanesOf(rows);
  const bars = rows.map(
    (row, index): RunBar => ({
      ...row,
      id: ids.get(row.node) ?? null,
      lane: lanes[index] ?? 0,
      excerpt: row.status === 'error' ? excerptOf(project, row.message) : null,
    }),
  );
  return { run, bars, lanes: lanes.reduce((most, lane) => Math.max(most, lane + 1), 0) };
}

async function readRuns(on: Queryable, condition: string, params: readonly unknown[]): Promise<readonly RunSummary[]> {
  const { rows } = await on.query<RunSummary & Record<string, unknown>>(
    `select run.run_id as id, run.command, run.target, ${iso('run.started_at')} as "startedAt",
         ${iso('run.finished_at')} as "finishedAt", run.status,
         coalesce(
             (
                 select jsonb_object_agg(counted.status, counted.nodes)
                 from (
                     select status, count(*) as nodes from datacycle.run_result as result
                     where result.run_id = run.run_id group by status
                 ) as counted
             ),
             '{}'
         ) as counts
     from datacycle.run
     where ${condition}
     order by run.run_no desc
     limit ${listed}`,
    params,
  );
  return rows;
}
