{{config materialized="table" unique_key="site_name" surrogate_key="site_key"}}

with final as (
    {{> weather_sites}}
)

select site_name
from final
