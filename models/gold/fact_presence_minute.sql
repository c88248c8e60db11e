{{config materialized="incremental" unique_key="datetime_key, room_key"}}

{{#incremental}}
with touched as (
    select distinct
        apartment,
        room,
        timestamp
    from {{ref "sensor_events"}}
    where load_id > {{high_water "sensor_events"}}
        and sensor_type in ('motion', 'door')
),

events as (
    {{> events_of_touched by="room"}}
),
{{else}}
with events as (
    select * from {{ref "sensor_events"}}
),
{{/incremental}}

minutes as (
    select
        apartment,
        room,
        timestamp,
        count(*) filter (where field = 'motion' and value > 0)::integer as motion_count,
        coalesce(bool_or(value > 0) filter (where field = 'open'), false) as door_open_flag
    from events
    where sensor_type in ('motion', 'door')
    group by
        apartment,
        room,
        timestamp
),

datetimes as (
    select * from {{ref "dim_datetime"}}
),

apartments as (
    select * from {{ref "dim_apartment"}}
),

rooms as (
    select * from {{ref "dim_room"}}
),

final as (
    select
        d.datetime_key,
        r.room_key,
        d.date_key,
        a.apartment_key,
        m.motion_count,
        null::double precision as presence_prob,
        m.door_open_flag,
        m.motion_count > 0 or m.door_open_flag as presence_flag
    from minutes as m
    left join datetimes as d on d.timestamp_utc = m.timestamp
    left join apartments as a on a.apartment_id = m.apartment
    left join rooms as r on r.apartment_key = a.apartment_key and r.room_name = m.room
)

select
    datetime_key,
    room_key,
    date_key,
    apartment_key,
    motion_count,
    presence_prob,
    door_open_flag,
    presence_flag
from final
