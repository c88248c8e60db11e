{{config scope="new_rows" audits="sensor_events"}}

-- Every reading is flagged as the bounds have it now.
select
    e.field,
    e.is_outlier,
    count(*) as row_count
from {{ref "sensor_events"}} as e
left join {{ref "bounds"}} as b on b.field = e.field
where e.is_outlier <> ({{> is_outlier value="e.value" lower="b.lower" upper="b.upper"}})
group by
    e.field,
    e.is_outlier
