{{config materialized="incremental" unique_key="horizon_type, horizon_days" surrogate_key="horizon_key"}}

with sites as (
    {{> weather_sites}}
),

forecasts as (
    select
        timestamp,
        prediction_date
    from {{ref "weather_forecasts"}}
    where site in (select s.site_name from sites as s)
    {{#incremental}}
        and load_id > {{high_water "weather_forecasts"}}
    {{/incremental}}
),

predictions as (
    select
        horizon_type,
        horizon_days
    from {{ref "predictions"}}
    {{#incremental}}
    where load_id > {{high_water "predictions"}}
    {{/incremental}}
),

final as (
    select
        'day' as horizon_type,
        (timestamp at time zone 'UTC')::date - prediction_date as horizon_days
    from forecasts
    union
    select
        horizon_type,
        horizon_days
    from predictions
)

select
    horizon_type,
    horizon_days
from final
