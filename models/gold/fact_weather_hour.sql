{{config materialized="incremental" unique_key="datetime_key, site_key, prediction_date_key"}}

with sites as (
    select * from {{ref "dim_weather_site"}}
    where site_name in ({{> weather_sites}})
),

datetimes as (
    select * from {{ref "dim_datetime"}}
),

{{#incremental}}
touched as (
    select distinct
        date_trunc('hour', timestamp, 'UTC') as hour,
        site,
        prediction_date
    from {{ref "weather_forecasts"}}
    where load_id > {{high_water "weather_forecasts"}}
        and site in (select s.site_name from sites as s)
),

forecasts as (
    select f.*
    from touched as t
    -- one range of the key of weather_forecasts each, whatever the planner believes about their number
    cross join lateral (
        select s.*
        from {{ref "weather_forecasts"}} as s
        where s.timestamp >= t.hour
            and s.timestamp < t.hour + interval '1 hour'
            and s.site = t.site
            and s.prediction_date = t.prediction_date
        offset 0
    ) as f
),
{{else}}
forecasts as (
    select * from {{ref "weather_forecasts"}}
    where site in (select s.site_name from sites as s)
),
{{/incremental}}

ranked as (
    select
        *,
        -- Of a time's forecasts with a lead, the smallest lead that is no outlier counts; without leads, all runs count.
        rank() over (
            partition by
                timestamp,
                site,
                prediction_date,
                measurement,
                is_outlier
            order by lead_hours
        ) as place
    from forecasts
),

hours as (
    select
        date_trunc('hour', timestamp, 'UTC') as hour,
        site,
        prediction_date,
        {{> order_free_mean value="value" condition="measurement = 'temperature_c' and not is_outlier and place = 1"}} as temperature_c,
        {{> order_free_mean value="value" condition="measurement = 'humidity_pct' and not is_outlier and place = 1"}} as humidity_pct,
        {{> order_free_mean value="value" condition="measurement = 'precipitation_mm' and not is_outlier and place = 1"}} as precipitation_mm,
        {{> order_free_mean value="value" condition="measurement = 'radiation_wm2' and not is_outlier and place = 1"}} as radiation_wm2,
        min(lead_hours) filter (where not is_outlier) as lead_hours,
        (count(distinct prediction) filter (where not is_outlier))::integer as n_leads
    from ranked
    group by
        date_trunc('hour', timestamp, 'UTC'),
        site,
        prediction_date
),

final as (
    select
        d.datetime_key,
        s.site_key,
        {{> date_key date="h.prediction_date"}} as prediction_date_key,
        h.prediction_date,
        d.date_key,
        h.temperature_c,
        h.humidity_pct,
        h.precipitation_mm,
        h.radiation_wm2,
        h.lead_hours,
        h.n_leads,
        h.n_leads as n_model_runs
    from hours as h
    left join datetimes as d on d.timestamp_utc = h.hour
    left join sites as s on s.site_name = h.site
)

select
    datetime_key,
    site_key,
    prediction_date_key,
    prediction_date,
    date_key,
    temperature_c,
    humidity_pct,
    precipitation_mm,
    radiation_wm2,
    lead_hours,
    n_leads,
    n_model_runs
from final
