{{config materialized="incremental" unique_key="room_name, apartment_key" surrogate_key="room_key"}}

with devices as (
    select * from {{ref "sensor_devices"}}
),

apartments as (
    select * from {{ref "dim_apartment"}}
),

rooms as (
    select * from {{ref "rooms"}}
),

room_types as (
    select
        room_name,
        min(room_type) as room_type
    from rooms
    group by room_name
),

found as (
    select distinct
        apartment,
        room
    from devices
),

final as (
    select
        a.apartment_key,
        f.room as room_name,
        null::integer as room_id,
        t.room_type
    from found as f
    left join apartments as a on a.apartment_id = f.apartment
    left join room_types as t on t.room_name = f.room
)

select
    apartment_key,
    room_name,
    room_id,
    room_type
from final
