{{config severity="warn"}}
-- No day has readings that are farther than sensor_gap_days from those of any other day of the apartment: its clock was probably wrong.
-- first_seen and last_seen say which files to look for in staging.sensor_file.
select
    apartment,
    date,
    first_seen,
    last_seen
from (
    select
        apartment,
        date,
        first_seen,
        last_seen,
        date - lag(date) over (partition by apartment order by date) - 1 as days_before,
        lead(date) over (partition by apartment order by date) - date - 1 as days_after
    from {{ref "apartment_days"}}
) as d
where coalesce(days_before, days_after) > {{var "sensor_gap_days"}}
    and coalesce(days_after, days_before) > {{var "sensor_gap_days"}}
