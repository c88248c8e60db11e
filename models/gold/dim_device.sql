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

names as (
    select * from {{ref "household_names"}}
    where kind = 'device'
),

appliance_types as (
    select
        {{> squeezed name="raw_type"}} as name,
        min(appliance_type) as appliance_type
    from {{ref "appliances"}}
    group by {{> squeezed name="raw_type"}}
),

-- A plug does not say what is plugged in; it is known where the room has one appliance only. What the registry calls
-- it is free text: only a kind that is known goes on.
appliances as (
    select
        p.room_id,
        min(t.appliance_type) as device_type
    from {{ref "dim_devices"}} as p
    left join appliance_types as t on t.name = {{> squeezed name="p.device_type"}}
    group by p.room_id
    having count(*) = 1
),

typed as (
    select
        d.apartment,
        d.room,
        d.sensor_type,
        d.first_seen,
        d.last_seen,
        a.apartment_key,
        a.name as apartment_name,
        r.room_key,
        r.room_type,
        r.room_label,
        case
            when d.sensor_type <> 'plug' then d.sensor_type
            -- a room that is an appliance says it itself
            when r.room_type = 'appliance' then coalesce(t.appliance_type, d.sensor_type)
            else coalesce(p.device_type, d.sensor_type)
        end as device_type
    from devices as d
    left join apartments as a on a.apartment_id = d.apartment
    left join rooms as r on r.apartment_key = a.apartment_key and r.room_name = d.room
    left join appliances as p on p.room_id = r.room_id
    left join appliance_types as t on t.name = {{> squeezed name="d.room"}}
),

final as (
    select
        d.apartment || '_' || d.room || '_' || d.sensor_type as device_id,
        d.sensor_type,
        d.apartment_key,
        d.room_key,
        case
            when d.room_type = 'appliance' and d.sensor_type = 'plug' then d.room
            else d.room || ' ' || d.device_type
        end as device_name,
        d.device_type,
        d.apartment_name as device_apartment,
        d.room_label as device_room,
        case
            when d.room_type = 'appliance' and d.sensor_type = 'plug' then d.room_label
            else d.room_label || ' ' || coalesce({{> name_by_language row="n"}}, d.device_type)
        end as device_label,
        coalesce({{> name_by_language row="n"}}, d.device_type) as device_type_label,
        coalesce({{> name_by_language row="s"}}, d.sensor_type) as sensor_type_label,
        d.last_seen >= max(d.last_seen) over (partition by d.apartment)
            - {{var "device_active_days"}} * interval '24 hours' as is_active,
        d.first_seen,
        d.last_seen,
        {{> shown_id id="d.apartment || '_' || d.room || '_' || d.sensor_type"}} as shown_device_id
    from typed as d
    left join names as n on n.name = d.device_type
    left join names as s on s.name = d.sensor_type
)

select
    device_id,
    sensor_type,
    apartment_key,
    room_key,
    device_name,
    device_type,
    device_apartment,
    device_room,
    device_label,
    device_type_label,
    sensor_type_label,
    is_active,
    first_seen,
    last_seen,
    shown_device_id
from final
