{{config materialized="incremental" unique_key="room_name, apartment_key" surrogate_key="room_key"}}

with devices as (
    select * from {{ref "sensor_devices"}}
),

predicted as (
    select * from {{ref "prediction_targets"}}
),

apartments as (
    select * from {{ref "dim_apartment"}}
),

rooms as (
    select * from {{ref "rooms"}}
),

names as (
    select * from {{ref "household_names"}}
),

room_types as (
    select
        {{> composed text="room_name"}} as room_name,
        min(room_type) as room_type,
        bool_and(is_inside) as is_inside
    from rooms
    group by {{> composed text="room_name"}}
),

registered as (
    select
        building_id,
        {{> squeezed name="room"}} as room,
        min(room_id) as room_id
    from {{ref "dim_rooms"}}
    group by
        building_id,
        {{> squeezed name="room"}}
),

found as (
    select
        apartment,
        room
    from devices
    union
    select
        apartment,
        room
    from predicted
),

sensors as (
    select
        apartment,
        room,
        bool_or(sensor_type = 'window') as has_window_sensor,
        bool_or(sensor_type = 'door') as has_door_sensor
    from devices
    group by
        apartment,
        room
),

final as (
    select
        a.apartment_key,
        f.room as room_name,
        coalesce({{> name_by_language row="n"}}, f.room) as room_label,
        g.room_id,
        t.room_type,
        coalesce({{> name_by_language row="k"}}, t.room_type) as room_type_label,
        a.name as apartment_name,
        coalesce(t.is_inside, true) as is_inside,
        coalesce(s.has_window_sensor, false) as has_window_sensor,
        coalesce(s.has_door_sensor, false) as has_door_sensor
    from found as f
    left join sensors as s on s.apartment = f.apartment and s.room = f.room
    left join apartments as a on a.apartment_id = f.apartment
    left join room_types as t on t.room_name = f.room
    left join names as n on n.kind = 'room' and n.name = f.room
    left join names as k on k.kind = 'room_type' and k.name = t.room_type
    left join registered as g
        on g.building_id = a.building_id
        and g.room = {{> squeezed name="f.room"}}
)

select
    apartment_key,
    room_name,
    room_label,
    room_id,
    room_type,
    room_type_label,
    apartment_name,
    is_inside,
    has_window_sensor,
    has_door_sensor
from final
