-- What a load has brought, from new_events (made by the query of silver.sql) to the facts: new minutes are appended, days are
-- counted again. Corrections of minutes that are there already are left out; nobody could do with less.
insert into floor.sensor_events select * from new_events on conflict do nothing;

insert into floor.dim_datetime
select to_char(timestamp at time zone 'UTC', 'YYYYMMDDHH24MI')::bigint, timestamp, to_char(timestamp at time zone 'UTC', 'YYYYMMDD')::integer
from (select distinct timestamp from new_events) as t
on conflict do nothing;

insert into floor.dim_date select distinct to_char(timestamp at time zone 'UTC', 'YYYYMMDD')::integer from new_events on conflict do nothing;

insert into floor.fact_energy_minute
with minutes as (
    select to_char(timestamp, 'YYYYMMDDHH24MI')::bigint as datetime_key, d.device_key, to_char(timestamp, 'YYYYMMDD')::integer as date_key,
        d.apartment_key, d.room_key, d.has_counter,
        max(value) filter (where field in ('power', 'total_power')) as power_w,
        max(value) filter (where field = 'total') as counter_total,
        not bool_or(is_outlier) as is_valid
    from new_events
    join floor.dim_device as d using (apartment, room, sensor_type)
    where sensor_type in ('plug', 'consumption')
    group by timestamp, d.device_key, d.apartment_key, d.room_key, d.has_counter
),
rises as (
    select m.*,
        case when m.counter_total is not null then coalesce(
            lag(m.counter_total) over (partition by m.device_key, m.counter_total is null order by m.datetime_key),
            (
                select f.counter_total
                from floor.fact_energy_minute as f
                where f.device_key = m.device_key and f.datetime_key < m.datetime_key and f.counter_total is not null
                order by f.datetime_key desc
                limit 1
            )
        ) end as previous
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
select datetime_key, device_key, date_key, apartment_key, room_key, power_w, counter_total, energy_wh, energy_wh / 1000, energy_wh / 1000 * 0.34, is_valid
from energy
on conflict do nothing;

insert into floor.fact_environment_minute
select to_char(e.timestamp, 'YYYYMMDDHH24MI')::bigint, r.room_key, to_char(e.timestamp, 'YYYYMMDD')::integer, r.apartment_key,
    max(value) filter (where field in ('temperature_c', 'temperature') and sensor_type in ('meteo', 'humidity')),
    max(value) filter (where field in ('humidity_pct', 'humidity') and sensor_type in ('meteo', 'humidity')),
    max(value) filter (where field = 'co2_ppm'),
    max(value) filter (where field = 'noise_db'),
    max(value) filter (where field = 'pressure_hpa'),
    coalesce(bool_or(value = 1) filter (where sensor_type = 'window' and field = 'open'), false),
    coalesce(bool_or(value = 1) filter (where sensor_type = 'door' and field = 'open'), false),
    bool_or(is_outlier)
from new_events as e
join floor.dim_room as r using (apartment, room)
where sensor_type in ('meteo', 'humidity', 'door', 'window')
group by e.timestamp, r.room_key, r.apartment_key
on conflict do nothing;

insert into floor.fact_presence_minute
select datetime_key, room_key, date_key, apartment_key, motion_count, door_open_flag, motion_count > 0 or door_open_flag, null
from (
    select to_char(e.timestamp, 'YYYYMMDDHH24MI')::bigint as datetime_key, r.room_key, to_char(e.timestamp, 'YYYYMMDD')::integer as date_key,
        r.apartment_key,
        coalesce(sum(value) filter (where sensor_type = 'motion' and field = 'motion'), 0)::integer as motion_count,
        coalesce(bool_or(value = 1) filter (where sensor_type = 'door' and field = 'open'), false) as door_open_flag
    from new_events as e
    join floor.dim_room as r using (apartment, room)
    where sensor_type in ('motion', 'door')
    group by e.timestamp, r.room_key, r.apartment_key
) as m
on conflict do nothing;

delete from floor.fact_device_health_day
where date_key in (select distinct to_char(timestamp at time zone 'UTC', 'YYYYMMDD')::integer from new_events);

insert into floor.fact_device_health_day
select to_char(e.day, 'YYYYMMDD')::integer, v.device_key, v.apartment_key, v.room_key, 0, (1440 - e.seen)::integer, 100.0 * e.seen / 1440,
    e.battery_min_pct, e.battery_avg_pct
from (select distinct date_trunc('day', timestamp) as day from new_events) as d
cross join lateral (
    select d.day, s.apartment, s.room, s.sensor_type, count(distinct s.timestamp) as seen,
        min(value) filter (where field = 'battery') as battery_min_pct,
        avg(value) filter (where field = 'battery') as battery_avg_pct
    from floor.sensor_events as s
    where s.timestamp >= d.day and s.timestamp < d.day + interval '1 day'
    group by s.apartment, s.room, s.sensor_type
) as e
join floor.dim_device as v using (apartment, room, sensor_type);
