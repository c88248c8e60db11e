-- Of a device whose counter never fell, the energy of all minutes is what its counter rose by.
with counters as (
    select
        apartment,
        room,
        sensor_type,
        value,
        lag(value) over (partition by apartment, room, sensor_type order by timestamp) as previous_value
    from {{ref "sensor_events"}}
    where field = 'total'
        and sensor_type in ('plug', 'consumption')
),

rises as (
    select
        apartment || '_' || room || '_' || sensor_type as device_id,
        max(value) - min(value) as rise_wh
    from counters
    group by
        apartment,
        room,
        sensor_type
    having not coalesce(bool_or(value < previous_value), false)
        and min(value) >= 0
),

energies as (
    select
        d.device_id,
        sum(e.energy_wh) as energy_wh
    from {{ref "fact_energy_minute"}} as e
    join {{ref "dim_device"}} as d on d.device_key = e.device_key
    group by d.device_id
)

select
    r.device_id,
    r.rise_wh,
    e.energy_wh
from rises as r
left join energies as e on e.device_id = r.device_id
where (abs(e.energy_wh - r.rise_wh) <= 1e-6 * greatest(r.rise_wh, 1)) is not true
