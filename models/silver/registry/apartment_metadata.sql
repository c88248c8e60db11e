{{config materialized="view"}}

with buildings as (
    select * from {{ref "dim_buildings"}}
),

building_types as (
    select * from {{ref "dim_building_types"}}
),

rooms as (
    select * from {{ref "dim_rooms"}}
),

sensors as (
    select
        room_id,
        count(*) as sensor_count,
        array_agg(sensor_type order by sensor_type, sensor_id) as sensor_types
    from {{ref "dim_sensors"}}
    group by room_id
),

devices as (
    select
        room_id,
        count(*) as device_count,
        array_agg(device_type order by device_type, device_id) as device_types
    from {{ref "dim_devices"}}
    group by room_id
),

final as (
    select
        b.apartment,
        r.room,
        b.building_id,
        r.room_id,
        t.building_type,
        r.orientation,
        b.building_year,
        b.nb_people,
        r.area_m2,
        coalesce(s.sensor_count, 0) as sensor_count,
        coalesce(s.sensor_types, '{}') as sensor_types,
        coalesce(d.device_count, 0) as device_count,
        coalesce(d.device_types, '{}') as device_types,
        b.is_heating_on
    from buildings as b
    left join building_types as t on t.building_type_id = b.building_type_id
    left join rooms as r on r.building_id = b.building_id
    left join sensors as s on s.room_id = r.room_id
    left join devices as d on d.room_id = r.room_id
    where b.apartment is not null
)

select
    apartment,
    room,
    building_id,
    room_id,
    building_type,
    orientation,
    building_year,
    nb_people,
    area_m2,
    sensor_count,
    sensor_types,
    device_count,
    device_types,
    is_heating_on
from final
