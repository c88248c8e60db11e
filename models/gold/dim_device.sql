{{config materialized="incremental" unique_key="device_id, sensor_type" surrogate_key="device_key"}}

with devices as (
    select * from {{ref "sensor_devices"}}
),

apartments as (
    select * from {{ref "dim_apartment"}}
),

rooms as (
    select * from {{ref "dim_room"}}
),

final as (
    select
        d.apartment || '_' || d.room || '_' || d.sensor_type as device_id,
        d.sensor_type,
        a.apartment_key,
        r.room_key,
        d.room || ' ' || d.sensor_type as device_name,
        d.sensor_type as device_type,
        d.last_seen >= max(d.last_seen) over (partition by d.apartment)
            - {{var "device_active_days"}} * interval '24 hours' as is_active,
        d.first_seen,
        d.last_seen
    from devices as d
    left join apartments as a on a.apartment_id = d.apartment
    left join rooms as r on r.apartment_key = a.apartment_key and r.room_name = d.room
)

select
    device_id,
    sensor_type,
    apartment_key,
    room_key,
    device_name,
    device_type,
    is_active,
    first_seen,
    last_seen
from final
