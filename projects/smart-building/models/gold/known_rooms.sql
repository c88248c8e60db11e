{{config materialized="view"}}

with hours as (
    select room
    from {{ref "sensor_timeseries_hourly"}}
),

final as (
    select distinct room
    from hours
)

select room
from final
