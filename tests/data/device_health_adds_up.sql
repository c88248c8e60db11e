{{config audit="new_rows"}}

-- Minutes seen and missing make up the minutes expected, which a day has no more than 1440 of.
select
    date_key,
    device_key,
    expected_minutes,
    seen_minutes,
    missing_readings,
    uptime_pct
from {{ref "fact_device_health_day"}}
where seen_minutes + missing_readings <> expected_minutes
    or expected_minutes not between 1 and 1440
    or seen_minutes not between 0 and expected_minutes
    or uptime_pct not between 0 and 100
