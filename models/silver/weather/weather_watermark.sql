{{config materialized="view"}}

with final as (
    {{> files_in_silver source="weather" model="weather_forecasts" upstream="staging.weather_chunk"}}
)

select
    filename,
    processed_at
from final
