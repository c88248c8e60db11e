{{config materialized="incremental" unique_key="datetime_key, room_key"}}

{{#incremental}}
with touched as (
    select distinct
        apartment,
        room,
        timestamp
    from {{ref "sensor_events"}}
    where load_id > {{high_water "sensor_events"}}
        and sensor_type in ('meteo', 'humidity', 'door', 'window')
    -- and the minutes here of quarters that are judged otherwise than before
    union
    select
        p.apartment,
        p.room,
        {{> minute_start key="h.datetime_key"}} as timestamp
    from {{ref "room_quarter_profile"}} as p
    join {{ref "dim_apartment"}} as a on a.apartment_id = p.apartment
    join {{ref "dim_room"}} as r on r.apartment_key = a.apartment_key and r.room_name = p.room
    cross join lateral (
        select t.datetime_key
        from {{this}} as t
        where t.datetime_key >= {{> minute_key instant="p.quarter"}}
            and t.datetime_key <= {{> minute_key instant="(p.quarter + interval '14 minutes')"}}
            and t.room_key = r.room_key
            and t.is_improbable <> p.is_climate_improbable
        offset 0
    ) as h
    where p.load_id > {{high_water "room_quarter_profile"}}
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
        max(value) filter (
            where field = 'temperature_c' or sensor_type = 'humidity' and field = 'temperature'
        ) as temperature_c,
        max(value) filter (
            where field = 'humidity_pct' or sensor_type = 'humidity' and field = 'humidity'
        ) as humidity_pct,
        max(value) filter (where field = 'co2_ppm') as co2_ppm,
        max(value) filter (where field = 'noise_db') as noise_db,
        max(value) filter (where field = 'pressure_hpa') as pressure_hpa,
        coalesce(bool_or(value > 0) filter (where field = 'open' and sensor_type = 'window'), false) as window_open_flag,
        coalesce(bool_or(value > 0) filter (where field = 'open' and sensor_type = 'door'), false) as door_open_flag,
        bool_or(is_outlier) as is_anomaly
    from events
    where sensor_type in ('meteo', 'humidity', 'door', 'window')
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
        m.temperature_c,
        m.humidity_pct,
        m.co2_ppm,
        m.noise_db,
        m.pressure_hpa,
        m.window_open_flag,
        m.door_open_flag,
        m.is_anomaly,
        coalesce(p.is_climate_improbable, false) as is_improbable
    from minutes as m
    {{#incremental}}
    left join lateral (
        select q.is_climate_improbable
        from {{ref "room_quarter_profile"}} as q
        where q.quarter = {{> quarter_of instant="m.timestamp"}}
            and q.apartment = m.apartment
            and q.room = m.room
        offset 0
    ) as p on true
    {{else}}
    left join {{ref "room_quarter_profile"}} as p
        on p.quarter = {{> quarter_of instant="m.timestamp"}}
        and p.apartment = m.apartment
        and p.room = m.room
    {{/incremental}}
    left join datetimes as d on d.timestamp_utc = m.timestamp
    left join apartments as a on a.apartment_id = m.apartment
    left join rooms as r on r.apartment_key = a.apartment_key and r.room_name = m.room
)

select
    datetime_key,
    room_key,
    date_key,
    apartment_key,
    temperature_c,
    humidity_pct,
    co2_ppm,
    noise_db,
    pressure_hpa,
    window_open_flag,
    door_open_flag,
    is_anomaly,
    is_improbable
from final
