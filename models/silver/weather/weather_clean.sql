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

ranked as (
    select
        *,
        max(prediction_date) over hour as newest_date,
        max(prediction_date) filter (where lead_hours is not null) over hour as newest_date_with_leads,
        -- Of forecasts with a lead the newest run comes first, that is the smallest lead; a run may lack a measurement, as the first hour lacks sums.
        rank() over (
            partition by
                timestamp,
                site,
                measurement,
                lead_hours is null
            order by
                run_at desc,
                prediction_date desc
        ) as place
    from forecasts
    window hour as (partition by timestamp, site)
),

chosen as (
    select *
    from ranked
    where case
            when newest_date = newest_date_with_leads then lead_hours is not null and place = 1
            else prediction_date = newest_date
        end
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
