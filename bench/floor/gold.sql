-- The dimensions and the four facts by hand, with the same keys, foreign keys and indexes that gold has.
create table floor.dim_apartment as
select row_number() over (order by apartment)::integer as apartment_key, apartment
from (select distinct apartment from floor.sensor_events) as a;
alter table floor.dim_apartment add primary key (apartment_key);

create table floor.dim_room as
select row_number() over (order by apartment_key, room)::integer as room_key, apartment_key, apartment, room
from (select distinct apartment, room from floor.sensor_events) as r
join floor.dim_apartment using (apartment);
alter table floor.dim_room add primary key (room_key);

create table floor.dim_device as
select row_number() over (order by room_key, sensor_type)::integer as device_key, room_key, apartment_key, apartment, room, sensor_type, has_counter
from (select apartment, room, sensor_type, bool_or(field = 'total') as has_counter from floor.sensor_events group by apartment, room, sensor_type) as d
join floor.dim_room using (apartment, room);
alter table floor.dim_device add primary key (device_key);

create table floor.dim_datetime as
select to_char(timestamp at time zone 'UTC', 'YYYYMMDDHH24MI')::bigint as datetime_key, timestamp,
    to_char(timestamp at time zone 'UTC', 'YYYYMMDD')::integer as date_key
from (select distinct timestamp from floor.sensor_events) as t;
alter table floor.dim_datetime add primary key (datetime_key);

create table floor.dim_date as select distinct date_key from floor.dim_datetime;
alter table floor.dim_date add primary key (date_key);

analyze floor.dim_apartment;
analyze floor.dim_room;
analyze floor.dim_device;
analyze floor.dim_datetime;
analyze floor.dim_date;

create table floor.fact_energy_minute as
with minutes as (
    select apartment, room, sensor_type, timestamp,
        max(value) filter (where field in ('power', 'total_power')) as power_w,
        max(value) filter (where field = 'total') as counter_total,
        not bool_or(is_outlier) as is_valid
    from floor.sensor_events
    where sensor_type in ('plug', 'consumption')
    group by apartment, room, sensor_type, timestamp
),
rises as (
    select m.*,
        lag(counter_total) over (partition by apartment, room, sensor_type, counter_total is null order by timestamp) as previous,
        bool_or(counter_total is not null) over (partition by apartment, room, sensor_type) as has_counter
    from minutes as m
),
energy as (
    select r.*,
        case
            when not has_counter then power_w / 60
            when counter_total is null or previous is null then 0
            when counter_total < previous then counter_total
            else counter_total - previous
        end as energy_wh
    from rises as r
)
select to_char(e.timestamp, 'YYYYMMDDHH24MI')::bigint as datetime_key, d.device_key, to_char(e.timestamp, 'YYYYMMDD')::integer as date_key, d.apartment_key, d.room_key, e.power_w, e.counter_total, e.energy_wh,
    e.energy_wh / 1000 as energy_kwh, e.energy_wh / 1000 * 0.34 as cost_chf, e.is_valid
from energy as e
join floor.dim_device as d using (apartment, room, sensor_type);
alter table floor.fact_energy_minute add primary key (datetime_key, device_key);
create index on floor.fact_energy_minute (date_key);
create index on floor.fact_energy_minute (apartment_key);
create index on floor.fact_energy_minute (room_key);
create index on floor.fact_energy_minute (device_key, datetime_key);
alter table floor.fact_energy_minute add foreign key (datetime_key) references floor.dim_datetime, add foreign key (date_key) references floor.dim_date,
    add foreign key (apartment_key) references floor.dim_apartment, add foreign key (room_key) references floor.dim_room,
    add foreign key (device_key) references floor.dim_device;
analyze floor.fact_energy_minute;

create table floor.fact_environment_minute as
with minutes as (
    select apartment, room, timestamp,
        max(value) filter (where field in ('temperature_c', 'temperature') and sensor_type in ('meteo', 'humidity')) as temperature_c,
        max(value) filter (where field in ('humidity_pct', 'humidity') and sensor_type in ('meteo', 'humidity')) as humidity_pct,
        max(value) filter (where field = 'co2_ppm') as co2_ppm,
        max(value) filter (where field = 'noise_db') as noise_db,
        max(value) filter (where field = 'pressure_hpa') as pressure_hpa,
        coalesce(bool_or(value = 1) filter (where sensor_type = 'window' and field = 'open'), false) as window_open_flag,
        coalesce(bool_or(value = 1) filter (where sensor_type = 'door' and field = 'open'), false) as door_open_flag,
        bool_or(is_outlier) as is_anomaly
    from floor.sensor_events
    where sensor_type in ('meteo', 'humidity', 'door', 'window')
    group by apartment, room, timestamp
)
select to_char(m.timestamp, 'YYYYMMDDHH24MI')::bigint as datetime_key, r.room_key, to_char(m.timestamp, 'YYYYMMDD')::integer as date_key, r.apartment_key, m.temperature_c, m.humidity_pct, m.co2_ppm, m.noise_db, m.pressure_hpa,
    m.window_open_flag, m.door_open_flag, m.is_anomaly
from minutes as m
join floor.dim_room as r using (apartment, room);
alter table floor.fact_environment_minute add primary key (datetime_key, room_key);
create index on floor.fact_environment_minute (date_key);
create index on floor.fact_environment_minute (apartment_key);
alter table floor.fact_environment_minute add foreign key (datetime_key) references floor.dim_datetime, add foreign key (date_key) references floor.dim_date,
    add foreign key (apartment_key) references floor.dim_apartment, add foreign key (room_key) references floor.dim_room;
analyze floor.fact_environment_minute;

create table floor.fact_presence_minute as
with minutes as (
    select apartment, room, timestamp,
        coalesce(sum(value) filter (where sensor_type = 'motion' and field = 'motion'), 0)::integer as motion_count,
        coalesce(bool_or(value = 1) filter (where sensor_type = 'door' and field = 'open'), false) as door_open_flag
    from floor.sensor_events
    where sensor_type in ('motion', 'door')
    group by apartment, room, timestamp
)
select to_char(m.timestamp, 'YYYYMMDDHH24MI')::bigint as datetime_key, r.room_key, to_char(m.timestamp, 'YYYYMMDD')::integer as date_key, r.apartment_key, m.motion_count, m.door_open_flag,
    m.motion_count > 0 or m.door_open_flag as presence_flag, null::double precision as presence_prob
from minutes as m
join floor.dim_room as r using (apartment, room);
alter table floor.fact_presence_minute add primary key (datetime_key, room_key);
create index on floor.fact_presence_minute (date_key);
create index on floor.fact_presence_minute (apartment_key);
alter table floor.fact_presence_minute add foreign key (datetime_key) references floor.dim_datetime, add foreign key (date_key) references floor.dim_date,
    add foreign key (apartment_key) references floor.dim_apartment, add foreign key (room_key) references floor.dim_room;
analyze floor.fact_presence_minute;

create table floor.fact_device_health_day as
with days as (
    select apartment, room, sensor_type, to_char(timestamp at time zone 'UTC', 'YYYYMMDD')::integer as date_key,
        count(distinct timestamp) as seen,
        min(value) filter (where field = 'battery') as battery_min_pct,
        avg(value) filter (where field = 'battery') as battery_avg_pct
    from floor.sensor_events
    group by 1, 2, 3, 4
)
select d.date_key, v.device_key, v.apartment_key, v.room_key, 0 as error_count, (1440 - d.seen)::integer as missing_readings,
    100.0 * d.seen / 1440 as uptime_pct, d.battery_min_pct, d.battery_avg_pct
from days as d
join floor.dim_device as v using (apartment, room, sensor_type);
alter table floor.fact_device_health_day add primary key (date_key, device_key);
create index on floor.fact_device_health_day (apartment_key);
alter table floor.fact_device_health_day add foreign key (date_key) references floor.dim_date, add foreign key (apartment_key) references floor.dim_apartment,
    add foreign key (room_key) references floor.dim_room, add foreign key (device_key) references floor.dim_device;
analyze floor.fact_device_health_day;
