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
        {{> order_free_mean value="f.value" condition="f.measurement = 'temperature_c'"}} as temperature_c,
        {{> order_free_mean value="f.value" condition="f.measurement = 'humidity_pct'"}} as humidity_pct,
        {{> order_free_mean value="f.value" condition="f.measurement = 'precipitation_mm'"}} as precipitation_mm,
        {{> order_free_mean value="f.value" condition="f.measurement = 'radiation_wm2'"}} as radiation_wm2,
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
