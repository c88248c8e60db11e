{{config materialized="view"}}

with minutes as (
    select * from {{ref "fact_energy_minute"}}
),

tariffs as (
    select * from {{ref "dim_tariff"}}
),

final as (
    select
        m.datetime_key,
        m.device_key,
        m.date_key,
        m.apartment_key,
        m.room_key,
        m.tariff_key,
        m.power_w,
        m.counter_total,
        m.energy_wh,
        m.energy_kwh,
        t.chf_per_kwh,
        round(m.cost_chf::numeric, 4) as cost_chf,
        m.is_valid
    from minutes as m
    left join tariffs as t on t.tariff_key = m.tariff_key
)

select
    datetime_key,
    device_key,
    date_key,
    apartment_key,
    room_key,
    tariff_key,
    power_w,
    counter_total,
    energy_wh,
    energy_kwh,
    chf_per_kwh,
    cost_chf,
    is_valid
from final
