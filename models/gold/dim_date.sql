{{config materialized="table" unique_key="date_key"}}

with holidays as (
    select date from {{ref "holidays"}}
),

-- one look-up each in the index on timestamp
span as (
    select
        (select min(timestamp) from {{ref "sensor_events"}}) at time zone 'UTC' as first_minute,
        (select max(timestamp) from {{ref "sensor_events"}}) at time zone 'UTC' as last_minute
),

days as (
    select d.day::date as date
    from span as s
    cross join lateral generate_series(
        date_trunc('year', s.first_minute),
        date_trunc('year', s.last_minute) + interval '1 year' - interval '1 day',
        interval '1 day'
    ) as d (day)
),

final as (
    select
        to_char(d.date, 'YYYYMMDD')::integer as date_key,
        d.date,
        extract(isodow from d.date)::integer as day_of_week,
        extract(week from d.date)::integer as week,
        extract(month from d.date)::integer as month,
        extract(quarter from d.date)::integer as quarter,
        extract(year from d.date)::integer as year,
        extract(isodow from d.date) >= 6 as is_weekend,
        h.date is not null as is_holiday
    from days as d
    left join holidays as h on h.date = d.date
)

select
    date_key,
    date,
    day_of_week,
    week,
    month,
    quarter,
    year,
    is_weekend,
    is_holiday
from final
