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
        max(prediction_date) as prediction_date,
        max(prediction_date) filter (where lead_hours is not null) as prediction_date_with_leads
    from forecasts
    group by
        timestamp,
        site
),

-- Of forecasts with a lead the newest run counts, that is the smallest lead, and of two files that have it the newer one. A run may lack a
-- measurement, as its first hour lacks sums.
newest_runs as (
    select
        timestamp,
        site,
        measurement,
        max(array[extract(epoch from run_at), prediction_date - date '2000-01-01']) as run
    from forecasts
    where lead_hours is not null
    group by
        timestamp,
        site,
        measurement
),

chosen as (
    select f.*
    from forecasts as f
    join newest as n
        on n.timestamp = f.timestamp
        and n.site = f.site
        and n.prediction_date = f.prediction_date
    where f.lead_hours is null
    union all
    select f.*
    from forecasts as f
    join newest_runs as r
        on r.timestamp = f.timestamp
        and r.site = f.site
        and r.measurement = f.measurement
        and r.run = array[extract(epoch from f.run_at), f.prediction_date - date '2000-01-01']
    join newest as n
        on n.timestamp = f.timestamp
        and n.site = f.site
        and n.prediction_date = n.prediction_date_with_leads
    where f.lead_hours is not null
),

final as (
    select
        timestamp,
        site,
        {{> order_free_mean value="value" condition="measurement = 'temperature_c'"}} as temperature_c,
        {{> order_free_mean value="value" condition="measurement = 'humidity_pct'"}} as humidity_pct,
        {{> order_free_mean value="value" condition="measurement = 'precipitation_mm'"}} as precipitation_mm,
        {{> order_free_mean value="value" condition="measurement = 'radiation_wm2'"}} as radiation_wm2,
        min(lead_hours) as lead_hours,
        bool_or(is_outlier) as is_outlier,
        max(load_id) as load_id
    from chosen
    group by
        timestamp,
        site
)

select
    timestamp,
    site,
    temperature_c,
    humidity_pct,
    precipitation_mm,
    radiation_wm2,
    lead_hours,
    is_outlier,
    load_id
from final
