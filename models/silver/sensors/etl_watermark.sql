{{config materialized="view"}}

with final as (
    {{> files_in_silver source="sensors" model="sensor_events" upstream="staging.sensor_file"}}
)

select
    filename,
    processed_at
from final
