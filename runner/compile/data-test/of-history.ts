import { literal } from '../../../warehouse/quote.ts';
import { SqlText } from '../../text/sql-text.ts';
import { type Call, type Definition, refuse } from './definition.ts';

const takes = ['runs', 'min_runs', 'sensitivity', 'tolerance'];

/**
 * What both tests have in common: how many runs they look at, how many there must be, and how far off is odd.
 * Their past is in the record of runs, which has models and seeds.
 */
function limits(call: Call) {
  const { args, subject } = call;
  if (subject.isSource === true)
    refuse(call, 'tests a model or seed', 'What is landed of a source: freshness in project.yml.');
  if (args.isFiltered) refuse(call, 'takes no "where"', 'The record of runs knows all rows only.');
  const [runs, least] = [args.wholeNumber('runs', 30), args.wholeNumber('min_runs', 7)];
  return { runs, least, sensitivity: args.number('sensitivity', 3), tolerance: args.number('tolerance', 0.1) };
}

/** The runs that changed rows of the subject, the newest first. */
function changes({ subject }: Call, condition: string, limit: number): string {
  return `select
            r.finished_at,
            coalesce(r.rows_inserted, 0) - coalesce(r.rows_deleted, 0) as grown
        from datacycle.run_result as r
        where r.node = ${literal(subject.name)}
            and r.kind in ('model', 'seed')
            and r.status = 'success'
            and ${condition}
        order by r.finished_at desc
        limit ${limit}`;
}

const rowCount: Definition = {
  takes,
  of: 'model',
  build(call) {
    const { runs, least, sensitivity, tolerance } = limits(call);
    return {
      sql: SqlText.join(
        `select *
from (
    select
        c.row_count,
        avg(h.row_count) as usual_row_count,
        greatest(stddev_samp(h.row_count), avg(h.row_count) * ${tolerance}) as usual_deviation,
        count(*) as runs
    from (select count(*) as row_count from `,
        call.rows(),
        `) as c
    cross join lateral (
        -- how many there were before each run: what has come since is taken away
        select c.row_count - sum(g.grown) over (order by g.finished_at desc) as row_count
        from (
        ${changes(call, 'coalesce(r.rows_inserted, 0) + coalesce(r.rows_deleted, 0) > 0', runs)}
        ) as g
    ) as h
    where h.row_count > 0
    group by c.row_count
) as history
where runs >= ${least}
    and abs(row_count - usual_row_count) > ${sensitivity} * usual_deviation`,
      ),
    };
  },
};

const freshness: Definition = {
  takes,
  of: 'model',
  build(call) {
    const { runs, least, sensitivity, tolerance } = limits(call);
    return {
      sql: SqlText.join(`select *
from (
    select
        max(a.finished_at) as newest_rows_at,
        extract(epoch from now() - max(a.finished_at)) as seconds_since,
        avg(a.seconds) as usual_seconds,
        greatest(stddev_samp(a.seconds), avg(a.seconds) * ${tolerance}) as usual_deviation,
        count(a.seconds) as runs
    from (
        select
            g.finished_at,
            extract(epoch from g.finished_at - lag(g.finished_at) over (order by g.finished_at)) as seconds
        from (
        ${changes(call, 'r.rows_inserted > 0', runs + 1)}
        ) as g
    ) as a
) as history
where runs >= ${least}
    and seconds_since > usual_seconds + ${sensitivity} * usual_deviation`),
    };
  },
};

/** Tests of a model against its own past runs. */
export const ofHistory: Readonly<Record<string, Definition>> = {
  row_count_anomaly: rowCount,
  freshness_anomaly: freshness,
};
