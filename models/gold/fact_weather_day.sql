{{config materialized="incremental" unique_key="date_key, site_key, horizon_key"}}

with horizons as (
    select * from {{ref "dim_horizon"}}
    where horizon_name = 'day'
),

dates as (
    select
        date_key,
        date
    from {{ref "dim_date"}}
),

{{#incremental}}
sites as (
    select * from {{ref "dim_weather_site"}}
    where site_name in ({{> weather_sites}})
),

touched as (
    select distinct
        {{> date_key date="(f.timestamp at time zone 'UTC')"}} as date_key,
        s.site_key,
        {{> date_key date="f.prediction_date"}} as prediction_date_key
    from {{ref "weather_forecasts"}} as f
    join sites as s on s.site_name = f.site
    where f.load_id > {{high_water "weather_forecasts"}}
),

hours as (
    select h.*
    from touched as t
    -- by the key, which begins with the hour, whatever the planner believes about the number of days
    cross join lateral (
        select s.*
        from {{ref "fact_weather_hour"}} as s
        where s.datetime_key between t.date_key * 10000::bigint and t.date_key * 10000::bigint + 2359
            and s.site_key = t.site_key
            and s.prediction_date_key = t.prediction_date_key
        offset 0
    ) as h
),
{{else}}
hours as (
    select * from {{ref "fact_weather_hour"}}
),
{{/incremental}}

days as (
    select
        date_key,
        site_key,
        prediction_date_key,
        {{> order_free_mean value="temperature_c" condition="true"}} as temperature_c_avg,
        {{> order_free_mean value="humidity_pct" condition="true"}} as humidity_pct_avg,
        {{> order_free_sum value="precipitation_mm"}} as precipitation_mm_sum,
        {{> order_free_sum value="radiation_wm2"}} as radiation_whm2_sum,
        (count(*) filter (where n_leads > 0))::integer as hours
    from hours
    group by
        date_key,
        site_key,
        prediction_date_key
),

final as (
    select
        d.date_key,
        d.site_key,
        h.horizon_key,
        d.prediction_date_key,
        i.date as prediction_date,
        d.temperature_c_avg,
        d.humidity_pct_avg,
        d.precipitation_mm_sum,
        d.radiation_whm2_sum,
        d.hours
    from days as d
    left join dates as f on f.date_key = d.date_key
    left join dates as i on i.date_key = d.prediction_date_key
    left join horizons as h on h.horizon_days = f.date - i.date
)

select
    date_key,
    site_key,
    horizon_key,
    prediction_date_key,
    prediction_date,
    temperature_c_avg,
    humidity_pct_avg,
    precipitation_mm_sum,
    radiation_whm2_sum,
    hours
from final
