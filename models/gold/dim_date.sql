{{config materialized="incremental" unique_key="date_key"}}

with holidays as (
    select date from {{ref "holidays"}}
),

names as (
    select * from {{ref "calendar_names"}}
),

sites as (
    {{> weather_sites}}
),

readings as (
    {{#incremental}}
    select
        min(e.timestamp) as first_reading,
        max(e.timestamp) as last_reading
    from (
        select timestamp
        from {{ref "sensor_events"}}
        where load_id > {{high_water "sensor_events"}}
        -- or the planner might look for the ends along the index on timestamp, past all that is old
        offset 0
    ) as e
    {{else}}
    -- one look-up each in the index on timestamp
    select
        (select min(timestamp) from {{ref "sensor_events"}}) as first_reading,
        (select max(timestamp) from {{ref "sensor_events"}}) as last_reading
    {{/incremental}}
),

forecasts as (
    select
        least(min(f.timestamp at time zone 'UTC'), min(f.prediction_date)) as first_minute,
        greatest(max(f.timestamp at time zone 'UTC'), max(f.prediction_date)) as last_minute
    from (
        select
            timestamp,
            prediction_date
        from {{ref "weather_forecasts"}}
        where site in (select s.site_name from sites as s)
        {{#incremental}}
            and load_id > {{high_water "weather_forecasts"}}
        {{/incremental}}
        offset 0
    ) as f
),

predictions as (
    select
        min(p.timestamp at time zone 'UTC' - p.horizon_days * interval '1 day') as first_minute,
        max(p.timestamp at time zone 'UTC') as last_minute
    from (
        select
            timestamp,
            horizon_days
        from {{ref "predictions"}}
        {{#incremental}}
        where load_id > {{high_water "predictions"}}
        {{/incremental}}
        offset 0
    ) as p
),

span as (
    select
        min(s.first_minute) as first_minute,
        max(s.last_minute) as last_minute
    from (
        -- their days in UTC and their local days, which hours and days for people are by
        select
            least(first_reading at time zone 'UTC', {{> local_time instant="first_reading"}}) as first_minute,
            greatest(last_reading at time zone 'UTC', {{> local_time instant="last_reading"}}) as last_minute
        from readings
        union all
        select * from forecasts
        union all
        select * from predictions
        {{#incremental}}
        union all
        select
            min(date),
            max(date)
        from {{this}}
        {{/incremental}}
    ) as s
),

days as (
    select d.day::date as date
    from span as s
    cross join lateral generate_series(
        date_trunc('year', s.first_minute),
        date_trunc('year', s.last_minute) + interval '1 year' - interval '1 day',
        interval '1 day'
    ) as d (day)
    {{#incremental}}
    where d.day::date not in (select t.date from {{this}} as t)
    {{/incremental}}
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
        {{> name_by_language row="w"}} as day_name,
        {{> name_by_language row="m"}} as month_name,
        extract(isodow from d.date) >= 6 as is_weekend,
        h.date is not null as is_holiday
    from days as d
    left join holidays as h on h.date = d.date
    left join names as w on w.kind = 'day' and w.number = extract(isodow from d.date)
    left join names as m on m.kind = 'month' and m.number = extract(month from d.date)
)

select
    date_key,
    date,
    day_of_week,
    week,
    month,
    quarter,
    year,
    day_name,
    month_name,
    is_weekend,
    is_holiday
from final
