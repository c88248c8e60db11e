{{config materialized="incremental" unique_key="horizon_name, horizon_days" surrogate_key="horizon_key"}}

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
        horizon_name,
        horizon_days
    from {{ref "predictions"}}
    {{#incremental}}
    where load_id > {{high_water "predictions"}}
    {{/incremental}}
),

final as (
    select
        'day' as horizon_name,
        (timestamp at time zone 'UTC')::date - prediction_date as horizon_days
    from forecasts
    union
    select
        horizon_name,
        horizon_days
    from predictions
)

select
    horizon_name,
    horizon_days,
    {{> horizon_type name="horizon_name"}} as horizon_type,
    {{> horizon_minutes name="horizon_name"}} as horizon_minutes
from final
