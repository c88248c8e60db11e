{{config materialized="view"}}

with forecasts as (
    select * from {{ref "fact_weather_hour"}}
),

datetimes as (
    select * from {{ref "dim_datetime"}}
),

files as (
    select * from {{ref "weather_file_audit"}}
),

loads as (
    -- these two alone: a view keeps PostgreSQL from dropping a column that it names, used or not
    select
        load_id,
        finished_at
    from {{source "staging" "load"}}
),

issues as (
    select
        f.prediction_date,
        {{> date_key date="f.prediction_date"}} as prediction_date_key,
        p.punctual,
        case
            -- an archive: when it came says nothing about when it was there
            when max(l.finished_at) > p.punctual + interval '7 days' then p.punctual
            -- the daily forecast waits for it for as long
            when max(l.finished_at) <= p.punctual + interval '10 minutes' then p.punctual
            else max(l.finished_at)
        end as there_from
    from files as f
    cross join lateral (
        select (f.prediction_date + coalesce({{literal (lookup (var "predictions") "weather_there_after")}}, '5 hours 30 minutes')::interval) at time zone 'UTC' as punctual
    ) as p
    left join loads as l on l.load_id = f.load_id
    group by
        f.prediction_date,
        p.punctual
),

hours as (
    select
        d.timestamp_utc as hour,
        f.site_key,
        f.prediction_date_key,
        i.there_from,
        -- not while a newer one is there, even if that came before
        coalesce(
            min(i.there_from) over (
                partition by f.site_key, f.datetime_key
                order by f.prediction_date_key
                rows between 1 following and unbounded following
            ),
            'infinity'
        ) as there_until,
        f.temperature_c,
        f.humidity_pct,
        f.precipitation_mm,
        f.radiation_wm2,
        avg(f.temperature_c::numeric) over (
            partition by f.site_key, f.prediction_date_key
            order by d.timestamp_utc
            range between interval '23 hours' preceding and current row
        ) as temperature_c_day
    from forecasts as f
    join datetimes as d on d.datetime_key = f.datetime_key
    join issues as i on i.prediction_date_key = f.prediction_date_key
),

final as (
    select
        hour,
        site_key,
        prediction_date_key,
        there_from,
        there_until,
        temperature_c,
        humidity_pct,
        precipitation_mm,
        radiation_wm2,
        round(temperature_c_day, 6)::double precision as temperature_c_day
    from hours
    where there_from < there_until
)

select
    hour,
    site_key,
    prediction_date_key,
    there_from,
    there_until,
    temperature_c,
    humidity_pct,
    precipitation_mm,
    radiation_wm2,
    temperature_c_day
from final
