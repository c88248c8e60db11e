import type { Session } from '../../warehouse/warehouse.ts';

/**
 * Deletes what is recorded of runs that began before a moment. Of each node the last result stays, and the last ones that succeeded and
 * that changed rows; of each audit the last failure; of each command the last run.
 * @param before ISO time. @returns how many runs are gone.
 */
export async function pruneRuns(session: Session, before: string): Promise<number> {
  await session.query(
    `with ranked as (
         select x.run_id, x.node, r.started_at,
             row_number() over (partition by x.node order by r.run_no desc) as of_all,
             row_number() over (
                 partition by x.node, x.status = 'success' or x.rows_inserted is not null order by r.run_no desc
             ) as of_built,
             row_number() over (partition by x.node, coalesce(x.rows_inserted, 0) > 0 order by r.run_no desc) as of_grown
         from datacycle.run_result as x
         join datacycle.run as r using (run_id)
     )

     delete from datacycle.run_result as x
     using ranked as k
     where x.run_id = k.run_id and x.node = k.node
         and k.started_at < $1 and k.of_all > 1 and k.of_built > 1 and k.of_grown > 1`,
    [before],
  );
  await session.query(
    `delete from datacycle.audit_failure as f
     where f.at < $1
         and exists (select from datacycle.audit_failure as o where o.test = f.test and o.at > f.at)`,
    [before],
  );
  const { rowCount } = await session.query(
    `delete from datacycle.run as r
     where r.started_at < $1
         and r.status <> 'running'
         and not exists (select from datacycle.run_result as x where x.run_id = r.run_id)
         and not exists (select from datacycle.audit_failure as f where f.run_id = r.run_id)
         and exists (select from datacycle.run as o where o.command = r.command and o.run_no > r.run_no)`,
    [before],
  );
  return rowCount;
}
