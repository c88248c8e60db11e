-- Of a device whose counter never fell, the energy of all minutes after the first that is kept is what its counter rose by.
with counters as (
    select
        apartment,
        room,
        sensor_type,
        timestamp,
        value,
        lag(value) over (partition by apartment, room, sensor_type order by timestamp) as previous_value
    from {{ref "sensor_events"}}
    where field = 'total'
        and sensor_type in ('plug', 'consumption')
        and {{> date_key date="(timestamp at time zone 'UTC')"}} >= {{> kept_since models="'sensor_events', 'fact_energy_minute'"}}
),

rises as (
    select
        apartment || '_' || room || '_' || sensor_type as device_id,
        min(timestamp) as first_at,
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
        r.device_id,
        sum(e.energy_wh) as energy_wh
    from rises as r
    join {{ref "dim_device"}} as d on d.device_id = r.device_id
    join {{ref "fact_energy_minute"}} as e on e.device_key = d.device_key
    where e.datetime_key > to_char(r.first_at at time zone 'UTC', 'YYYYMMDDHH24MI')::bigint
    group by r.device_id
)

select
    r.device_id,
    r.rise_wh,
    e.energy_wh
from rises as r
left join energies as e on e.device_id = r.device_id
where (abs(coalesce(e.energy_wh, 0) - r.rise_wh) <= 1e-6 * greatest(r.rise_wh, 1)) is not true
