-- dbt: freshness_anomaly_readings_10__2
select *
from (
    select
        max(a.finished_at) as newest_rows_at,
        extract(epoch from now() - max(a.finished_at)) as seconds_since,
        avg(a.seconds) as usual_seconds,
        greatest(stddev_samp(a.seconds), avg(a.seconds) * 0.1) as usual_deviation,
        count(a.seconds) as runs
    from (
        select
            g.finished_at,
            extract(epoch from g.finished_at - lag(g.finished_at) over (order by g.finished_at)) as seconds
        from (
        select
            r.finished_at,
            coalesce(r.rows_inserted, 0) - coalesce(r.rows_deleted, 0) as grown
        from datacycle.run_result as r
        where r.node = 'readings'
            and r.kind in ('model', 'seed')
            and r.status = 'success'
            and r.rows_inserted > 0
        order by r.finished_at desc
        limit 11
        ) as g
    ) as a
) as history
where runs >= 7
    and seconds_since > usual_seconds + 2 * usual_deviation;
