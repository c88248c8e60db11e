{{config materialized="incremental" unique_key="datetime_key"}}

with sites as (
    {{> weather_sites}}
),

minutes as (
    select distinct timestamp as timestamp_utc
    from {{ref "sensor_events"}}
    {{#incremental}}
    where load_id > {{high_water "sensor_events"}}
    {{/incremental}}
    union
    -- fact_weather_hour is by the hour, whatever the minute a file forecasts
    select distinct date_trunc('hour', timestamp, 'UTC')
    from {{ref "weather_forecasts"}}
    where site in (select s.site_name from sites as s)
    {{#incremental}}
        and load_id > {{high_water "weather_forecasts"}}
    {{/incremental}}
    union
    select distinct timestamp
    from {{ref "predictions"}}
    {{#incremental}}
    where load_id > {{high_water "predictions"}}
    {{/incremental}}
),

names as (
    select * from {{ref "calendar_names"}}
    where kind = 'day'
),

holidays as (
    select date from {{ref "holidays"}}
),

utc_times as (
    select
        timestamp_utc,
        timestamp_utc at time zone 'UTC' as minute,
        {{> local_time instant="timestamp_utc"}} as local_minute
    from minutes
    offset 0
),

final as (
    select
        to_char(u.minute, 'YYYYMMDDHH24MI')::bigint as datetime_key,
        to_char(u.minute, 'YYYYMMDD')::integer as date_key,
        u.timestamp_utc,
        extract(hour from u.minute)::integer as hour,
        extract(minute from u.minute)::integer as minute,
        extract(isodow from u.minute)::integer as day_of_week,
        extract(week from u.minute)::integer as week,
        extract(month from u.minute)::integer as month,
        extract(year from u.minute)::integer as year,
        u.local_minute::date as date_local,
        extract(hour from u.local_minute)::integer as hour_local,
        extract(isodow from u.local_minute)::integer as day_of_week_local,
        {{> name_by_language row="n"}} as weekday_local,
        extract(isodow from u.minute) >= 6 as is_weekend,
        h.date is not null as is_holiday
    from utc_times as u
    left join holidays as h on h.date = u.minute::date
    left join names as n on n.number = extract(isodow from u.local_minute)
)

select
    datetime_key,
    date_key,
    timestamp_utc,
    hour,
    minute,
    day_of_week,
    week,
    month,
    year,
    date_local,
    hour_local,
    day_of_week_local,
    weekday_local,
    is_weekend,
    is_holiday
from final
