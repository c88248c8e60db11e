{{config materialized="table" unique_key="provider, year" surrogate_key="tariff_key"}}

with final as (
    select
        provider,
        year,
        chf_per_kwh::numeric(12, 8) as chf_per_kwh
    from {{ref "tariffs"}}
)

select
    provider,
    year,
    chf_per_kwh
from final
