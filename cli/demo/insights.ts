/** A question that a resident would ask, and its answer as a query on gold, in the model language. */
export interface Insight {
  readonly title: string;
  /** A template of one select, of at most ten rows. */
  readonly sql: string;
}

export const insights: readonly Insight[] = [
  {
    title: 'What the day cost, by apartment and plug',
    sql: `
with rooms as (
    select
        apartment.name as apartment,
        room.room_name,
        sum(energy.energy_kwh) as kwh,
        sum(energy.cost_chf) as chf
    from {{ref "fact_energy_minute"}} as energy
    inner join {{ref "dim_apartment"}} as apartment on energy.apartment_key = apartment.apartment_key
    inner join {{ref "dim_room"}} as room on energy.room_key = room.room_key
    group by apartment.name, room.room_name
)

select
    apartment,
    case room_name when 'House' then 'whole apartment' else room_name || ' plug' end as measured_at,
    round(kwh::numeric, 2) as kwh,
    round(chf::numeric, 2) as chf,
    round((100 * kwh / nullif(max(kwh) filter (where room_name = 'House') over (partition by apartment), 0))::numeric)
        as pct_of_apartment
from rooms
order by apartment, rooms.kwh desc
limit 10`,
  },
  {
    title: 'The stuffiest hour of each room',
    sql: `
with hours as (
    select
        environment.apartment_key,
        environment.room_key,
        date_trunc('hour', moment.timestamp_utc at time zone 'Europe/Zurich') as local_hour,
        avg(environment.co2_ppm) as co2_mean,
        max(environment.co2_ppm) as co2_peak,
        avg(environment.temperature_c) as temperature_mean
    from {{ref "fact_environment_minute"}} as environment
    inner join {{ref "dim_datetime"}} as moment on environment.datetime_key = moment.datetime_key
    where environment.co2_ppm is not null and environment.is_anomaly is not true
    group by environment.apartment_key, environment.room_key, local_hour
),

ranked as (
    select hours.*, row_number() over (partition by room_key order by co2_mean desc, local_hour) as place
    from hours
)

select
    apartment.name as apartment,
    room.room_name as room,
    to_char(ranked.local_hour, 'HH24:MI') || ' - ' || to_char(ranked.local_hour + interval '1 hour', 'HH24:MI') as local_time,
    round(ranked.co2_mean::numeric) as co2_mean_ppm,
    round(ranked.co2_peak::numeric) as co2_peak_ppm,
    round(ranked.temperature_mean::numeric, 1) as temperature_c
from ranked
inner join {{ref "dim_apartment"}} as apartment on ranked.apartment_key = apartment.apartment_key
inner join {{ref "dim_room"}} as room on ranked.room_key = room.room_key
where ranked.place = 1
order by ranked.co2_mean desc
limit 10`,
  },
  {
    // Nobody moves, and the front door, which opens on the living room, was used at both ends of the silence.
    title: 'Nobody at home: who left when, and when the first came back',
    sql: `
with presence as (
    select
        fact.apartment_key,
        moment.timestamp_utc,
        bool_or(fact.motion_count > 0) as seen,
        bool_or(fact.door_open_flag and room.room_name = 'Living Room') as front_door
    from {{ref "fact_presence_minute"}} as fact
    inner join {{ref "dim_datetime"}} as moment on fact.datetime_key = moment.datetime_key
    inner join {{ref "dim_room"}} as room on fact.room_key = room.room_key
    group by fact.apartment_key, moment.timestamp_utc
),

silences as (
    select
        apartment_key,
        timestamp_utc as last_seen,
        lead(timestamp_utc) over (partition by apartment_key order by timestamp_utc) as next_seen
    from presence
    where seen
),

absences as (
    select silences.apartment_key, min(door.timestamp_utc) as left_at, max(door.timestamp_utc) as back_at
    from silences
    inner join presence as door
        on silences.apartment_key = door.apartment_key
        and door.front_door
        and door.timestamp_utc between silences.last_seen and silences.next_seen
    group by silences.apartment_key, silences.last_seen
    having max(door.timestamp_utc) - min(door.timestamp_utc) >= interval '30 minutes'
)

select
    apartment.name as apartment,
    to_char(absences.left_at at time zone 'Europe/Zurich', 'Dy HH24:MI') as left_at,
    to_char(absences.back_at at time zone 'Europe/Zurich', 'Dy HH24:MI') as back_at,
    round((extract(epoch from absences.back_at - absences.left_at) / 3600)::numeric, 2) as hours_away
from absences
inner join {{ref "dim_apartment"}} as apartment on absences.apartment_key = apartment.apartment_key
order by absences.left_at, apartment
limit 10`,
  },
  {
    title: 'What an open window does: the openings that cooled a room most',
    sql: `
with minutes as (
    select
        environment.apartment_key,
        environment.room_key,
        moment.timestamp_utc,
        environment.window_open_flag,
        case when environment.is_anomaly is not true then environment.temperature_c end as temperature_c,
        case when environment.is_anomaly is not true then environment.co2_ppm end as co2_ppm,
        lag(environment.window_open_flag) over (
            partition by environment.room_key order by moment.timestamp_utc
        ) as open_before
    from {{ref "fact_environment_minute"}} as environment
    inner join {{ref "dim_datetime"}} as moment on environment.datetime_key = moment.datetime_key
    where environment.window_open_flag is not null
),

numbered as (
    select
        minutes.*,
        count(*) filter (where window_open_flag is distinct from open_before) over (
            partition by room_key order by timestamp_utc
        ) as opening
    from minutes
)

select
    apartment.name as apartment,
    room.room_name as room,
    to_char(min(numbered.timestamp_utc) at time zone 'Europe/Zurich', 'HH24:MI') as opened_at,
    count(*) as minutes_open,
    round(max(numbered.temperature_c)::numeric, 1) as warmest_c,
    round(min(numbered.temperature_c)::numeric, 1) as coldest_c,
    round((max(numbered.temperature_c) - min(numbered.temperature_c))::numeric, 1) as cooled_by_c,
    round(max(numbered.co2_ppm)::numeric) as co2_highest_ppm,
    round(min(numbered.co2_ppm)::numeric) as co2_lowest_ppm
from numbered
inner join {{ref "dim_apartment"}} as apartment on numbered.apartment_key = apartment.apartment_key
inner join {{ref "dim_room"}} as room on numbered.room_key = room.room_key
where numbered.window_open_flag
group by apartment.name, room.room_name, numbered.room_key, numbered.opening
order by cooled_by_c desc nulls last, minutes_open desc
limit 10`,
  },
  {
    title: 'Sensors to look after: the worst uptime',
    sql: `
select
    apartment.name as apartment,
    room.room_name as room,
    device.sensor_type as sensor,
    sum(health.missing_readings) as minutes_missing,
    round(avg(health.uptime_pct)::numeric, 2) as uptime_pct,
    round(min(health.battery_min_pct)::numeric) as battery_pct
from {{ref "fact_device_health_day"}} as health
inner join {{ref "dim_device"}} as device on health.device_key = device.device_key
inner join {{ref "dim_apartment"}} as apartment on health.apartment_key = apartment.apartment_key
inner join {{ref "dim_room"}} as room on health.room_key = room.room_key
group by apartment.name, room.room_name, device.sensor_type
order by uptime_pct, apartment, room, sensor
limit 10`,
  },
  {
    title: 'How far off the temperature forecast was, outside the apartments',
    sql: `
with measured as (
    select
        room.apartment_key,
        environment.datetime_key / 100 * 100 as hour_key,
        avg(environment.temperature_c) as temperature_c
    from {{ref "fact_environment_minute"}} as environment
    inner join {{ref "dim_room"}} as room on environment.room_key = room.room_key
    where not room.is_inside and not environment.is_anomaly
    group by room.apartment_key, hour_key
)

select
    site.site_name as site,
    horizon.horizon_days as days_ahead,
    count(*) as hours,
    round(avg(forecast.temperature_c - measured.temperature_c)::numeric, 1) as mean_error_k,
    round(avg(abs(forecast.temperature_c - measured.temperature_c))::numeric, 1) as mean_absolute_error_k
from measured
inner join {{ref "dim_apartment"}} as apartment on measured.apartment_key = apartment.apartment_key
inner join {{ref "fact_weather_hour"}} as forecast
    on measured.hour_key = forecast.datetime_key and apartment.weather_site_key = forecast.site_key
inner join {{ref "dim_weather_site"}} as site on forecast.site_key = site.site_key
inner join {{ref "dim_date"}} as target on forecast.date_key = target.date_key
inner join {{ref "dim_date"}} as issued on forecast.prediction_date_key = issued.date_key
inner join {{ref "dim_horizon"}} as horizon
    on horizon.horizon_name = 'day' and horizon.horizon_days = target.date - issued.date
group by site.site_name, horizon.horizon_days
order by site.site_name, horizon.horizon_days
limit 10`,
  },
];
