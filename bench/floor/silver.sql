create table floor.rooms (raw_name text, room_name text);
insert into floor.rooms values ('Bhroom', 'Bathroom'), ('Bdroom', 'Bedroom'), ('Livingroom', 'Living Room');

-- The flattening by hand: one pass over each document, then one grouping, as tight as it can be written.
create table floor.sensor_events as
with files as (
    select
        f.load_id,
        case split_part(f.name, '_', 2) when 'JimmyLoup' then 'jimmy' when 'JeremieVianin' then 'jeremie' end as apartment,
        to_timestamp(replace(coalesce(f.payload ->> 'datetime', left(f.name, 15)), ':', ''), 'DD.MM.YYYY HH24MI') as timestamp,
        f.payload
    from floor.sensor_file as f
),
sections as (
    select
        f.load_id,
        f.apartment,
        f.timestamp,
        s.key as section,
        case
            when s.key = 'meteos' and jsonb_typeof(s.value -> 'meteo') = 'object' then s.value -> 'meteo'
            else s.value
        end as body
    from files as f
    cross join lateral jsonb_each(f.payload) as s
    where s.key in ('plugs', 'doorsWindows', 'motions', 'meteos', 'humidities', 'consumptions')
        and jsonb_typeof(s.value) = 'object'
),
items as (
    select s.load_id, s.apartment, s.timestamp, s.section, r.key as room, r.value as item
    from sections as s
    cross join lateral jsonb_each(s.body) as r
    where jsonb_typeof(r.value) = 'object'
    union all
    select s.load_id, s.apartment, s.timestamp, s.section, r.key as room, i.item
    from sections as s
    cross join lateral jsonb_each(s.body) as r
    cross join lateral jsonb_array_elements(r.value) as i (item)
    where jsonb_typeof(r.value) = 'array'
),
readings as (
    select i.load_id, i.apartment, i.room, m.sensor_type, m.field, m.unit, i.timestamp,
        case
            when jsonb_typeof(m.v) = 'number' then m.v::double precision
            when m.v in ('true', '"on"') then 1
            when m.v in ('false', '"off"') then 0
            when m.v #>> '{}' ~ '^-?[0-9]+(\.[0-9]+)?$' then (m.v #>> '{}')::double precision
        end as value
    from items as i
    cross join lateral (
        select 'plug' as sensor_type, x.*
        from (values ('power', i.item -> 'power', 'W'), ('total', i.item -> 'total', 'Wh'), ('temperature', i.item -> 'temperature', '°C')) as x (field, v, unit)
        where i.section = 'plugs'
        union all
        select lower(i.item ->> 'type'), x.*
        from (values ('open', i.item -> 'switch', 'bool'), ('battery', i.item -> 'battery', '%')) as x (field, v, unit)
        where i.section = 'doorsWindows'
        union all
        select 'motion', x.*
        from (values ('motion', i.item -> 'motion', 'bool'), ('light', i.item -> 'light', 'lux'), ('temperature', i.item -> 'temperature', '°C')) as x (field, v, unit)
        where i.section = 'motions'
        union all
        select 'humidity', x.*
        from (values ('temperature', i.item -> 'temperature', '°C'), ('humidity', i.item -> 'humidity', '%'), ('battery', i.item -> 'devicePower', '%')) as x (field, v, unit)
        where i.section = 'humidities'
        union all
        select 'meteo', x.*
        from (values ('temperature_c', i.item -> 'Temperature', '°C'), ('co2_ppm', i.item -> 'CO2', 'ppm'), ('humidity_pct', i.item -> 'Humidity', '%'),
            ('noise_db', i.item -> 'Noise', 'dB'), ('pressure_hpa', i.item -> 'Pressure', 'hPa'), ('abs_pressure_hpa', i.item -> 'AbsolutePressure', 'hPa'),
            ('battery', i.item -> 'battery_percent', '%')) as x (field, v, unit)
        where i.section = 'meteos'
        union all
        select 'consumption', x.*
        from (values ('total_power', i.item -> 'total_power', 'W'), ('power1', i.item -> 'power1', 'W'), ('power2', i.item -> 'power2', 'W'),
            ('power3', i.item -> 'power3', 'W'), ('current1', i.item -> 'current1', 'A'), ('current2', i.item -> 'current2', 'A'),
            ('current3', i.item -> 'current3', 'A'), ('voltage1', i.item -> 'voltage1', 'V'), ('voltage2', i.item -> 'voltage2', 'V'),
            ('voltage3', i.item -> 'voltage3', 'V')) as x (field, v, unit)
        where i.section = 'consumptions'
    ) as m
    where m.v is not null
)
select
    r.apartment,
    coalesce(k.room_name, r.room) as room,
    r.sensor_type,
    r.field,
    r.unit,
    case when r.field = 'battery' then min(r.value) else max(r.value) end as value,
    case r.field
        when 'temperature_c' then max(r.value) not between -20 and 60
        when 'humidity_pct' then max(r.value) not between 0 and 100
        when 'co2_ppm' then max(r.value) not between 300 and 5000
        when 'noise_db' then max(r.value) not between 0 and 140
        when 'pressure_hpa' then max(r.value) not between 870 and 1085
        when 'power' then max(r.value) not between 0 and 10000
        when 'battery' then min(r.value) not between 0 and 100
        else false
    end as is_outlier,
    r.timestamp,
    max(r.load_id) as load_id
from readings as r
left join floor.rooms as k on k.raw_name = r.room
where r.value is not null
group by r.apartment, coalesce(k.room_name, r.room), r.sensor_type, r.field, r.unit, r.timestamp;

alter table floor.sensor_events add primary key (timestamp, apartment, room, sensor_type, field);
create index on floor.sensor_events (load_id);
analyze floor.sensor_events;
