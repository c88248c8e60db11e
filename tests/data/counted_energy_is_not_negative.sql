{{config audit="new_rows"}}

-- A counter only rises or starts again, so what it counted is never below zero.
select
    datetime_key,
    device_key,
    counter_total,
    energy_wh
from {{ref "fact_energy_minute"}}
where counter_total is not null
    and energy_wh < 0
