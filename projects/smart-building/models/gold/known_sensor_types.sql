{{config materialized="view"}}

with hours as (
    select sensor_type
    from {{ref "sensor_timeseries_hourly"}}
),

final as (
    select distinct sensor_type
    from hours
)

select sensor_type
from final
