-- dbt: row_count_anomaly_readings_
select *
from (
    select
        c.row_count,
        avg(h.row_count) as usual_row_count,
        greatest(stddev_samp(h.row_count), avg(h.row_count) * 0.1) as usual_deviation,
        count(*) as runs
    from (select count(*) as row_count from "public"."readings") as c
    cross join lateral (
        -- how many there were before each run: what has come since is taken away
        select c.row_count - sum(g.grown) over (order by g.finished_at desc) as row_count
        from (
        select
            r.finished_at,
            coalesce(r.rows_inserted, 0) - coalesce(r.rows_deleted, 0) as grown
        from datacycle.run_result as r
        where r.node = 'readings'
            and r.kind in ('model', 'seed')
            and r.status = 'success'
            and coalesce(r.rows_inserted, 0) + coalesce(r.rows_deleted, 0) > 0
        order by r.finished_at desc
        limit 30
        ) as g
    ) as h
    where h.row_count > 0
    group by c.row_count
) as history
where runs >= 7
    and abs(row_count - usual_row_count) > 3 * usual_deviation;
