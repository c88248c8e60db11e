{{config materialized="incremental" unique_key="timestamp, site"}}

{{#incremental}}
with touched as (
    select distinct
        timestamp,
        site
    from {{ref "weather_forecasts"}}
    where load_id > {{high_water "weather_forecasts"}}
),

forecasts as (
    select f.*
    from touched as t
    -- one look-up in the key of weather_forecasts each, whatever the planner believes about their number
    cross join lateral (
        select s.*
        from {{ref "weather_forecasts"}} as s
        where s.timestamp = t.timestamp
            and s.site = t.site
        offset 0
    ) as f
),
{{else}}
with forecasts as (
    select * from {{ref "weather_forecasts"}}
),
{{/incremental}}

newest as (
    select
        timestamp,
        site,
        max(prediction_date) as prediction_date
    from forecasts
    group by
        timestamp,
        site
),

final as (
    select
        f.timestamp,
        f.site,
        -- numeric, so that a mean does not depend on the order of the rows
        round(avg(f.value::numeric) filter (where f.measurement = 'temperature_c'), 6)::double precision as temperature_c,
        round(avg(f.value::numeric) filter (where f.measurement = 'humidity_pct'), 6)::double precision as humidity_pct,
        round(avg(f.value::numeric) filter (where f.measurement = 'precipitation_mm'), 6)::double precision as precipitation_mm,
        round(avg(f.value::numeric) filter (where f.measurement = 'radiation_wm2'), 6)::double precision as radiation_wm2,
        bool_or(f.is_outlier) as is_outlier,
        max(f.load_id) as load_id
    from forecasts as f
    join newest as n
        on n.timestamp = f.timestamp
        and n.site = f.site
        and n.prediction_date = f.prediction_date
    group by
        f.timestamp,
        f.site
)

select
    timestamp,
    site,
    temperature_c,
    humidity_pct,
    precipitation_mm,
    radiation_wm2,
    is_outlier,
    load_id
from final
