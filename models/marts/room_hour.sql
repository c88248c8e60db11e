{{config materialized="incremental" unique_key="hour_key, room_key"}}

with apartments as (
    select * from {{ref "dim_apartment"}}
),

rooms as (
    select * from {{ref "dim_room"}}
),

devices as (
    select * from {{ref "dim_device"}}
),

comfort as (
    select
        coalesce(max(lower) filter (where measure = 'temperature_c'), '-infinity') as temperature_lower,
        coalesce(max(upper) filter (where measure = 'temperature_c'), 'infinity') as temperature_upper,
        coalesce(max(lower) filter (where measure = 'co2_ppm'), '-infinity') as co2_lower,
        coalesce(max(upper) filter (where measure = 'co2_ppm'), 'infinity') as co2_upper,
        coalesce(max(lower) filter (where measure = 'humidity_pct'), '-infinity') as humidity_lower,
        coalesce(max(upper) filter (where measure = 'humidity_pct'), 'infinity') as humidity_upper
    from {{ref "comfort_bounds"}}
),

room_types as (
    select * from {{ref "room_types"}}
),

{{#incremental}}
new_readings as (
    select
        apartment,
        room,
        sensor_type,
        date_trunc('hour', timestamp, 'UTC') as hour_start,
        bool_or(field = 'total') as has_counter,
        max(load_id) as load_id
    from {{ref "sensor_events"}}
    where load_id > {{high_water "sensor_events"}}
    group by
        apartment,
        room,
        sensor_type,
        date_trunc('hour', timestamp, 'UTC')
),

touched as (
    {{> touched_hours}}
),

{{/incremental}}
energy as (
    {{> minutes_of_hours fact="fact_energy_minute"}}
),

environment as (
    {{> minutes_of_hours fact="fact_environment_minute"}}
    {{#incremental}}
    union
    -- the hours before, for the readings before
    select m.*
    from touched as t
    cross join lateral (
        select s.*
        from {{ref "fact_environment_minute"}} as s
        where s.datetime_key between {{> minute_key instant="(t.hour_start - interval '1 hour')"}}
                and {{> minute_key instant="(t.hour_start - interval '1 hour')"}} + 59
            and s.apartment_key = t.apartment_key
        offset 0
    ) as m
    {{/incremental}}
),

presence as (
    {{> minutes_of_hours fact="fact_presence_minute"}}
),

light_readings as (
    {{#incremental}}
    select e.*
    from touched as t
    -- a range of the key each
    cross join lateral (
        select s.*
        from {{ref "sensor_events"}} as s
        where s.timestamp >= t.hour_start
            and s.timestamp < t.hour_start + interval '1 hour'
            and s.apartment = t.apartment
            and s.sensor_type = 'motion'
            and s.field = 'light'
        offset 0
    ) as e
    {{else}}
    select * from {{ref "sensor_events"}}
    where sensor_type = 'motion'
        and field = 'light'
    {{/incremental}}
),

energy_hours as (
    select
        e.datetime_key / 100 * 100 as hour_key,
        e.room_key,
        min(e.apartment_key) as apartment_key,
        {{> order_free aggregate="sum" value="e.energy_kwh" condition="e.is_valid and d.sensor_type = 'consumption'"}} as energy_kwh_meter,
        {{> order_free aggregate="sum" value="e.energy_kwh" condition="e.is_valid and d.sensor_type = 'plug'"}} as energy_kwh_plugs,
        {{> order_free aggregate="sum" value="e.cost_chf" condition="e.is_valid and d.sensor_type = 'consumption'"}} as cost_chf_meter,
        {{> order_free aggregate="sum" value="e.cost_chf" condition="e.is_valid and d.sensor_type = 'plug'"}} as cost_chf_plugs,
        max(e.power_w) filter (where e.is_valid) as peak_power_w,
        greatest(
            count(*) filter (where d.sensor_type = 'consumption'),
            count(*) filter (where d.sensor_type = 'plug')
        ) as seen_minutes,
        greatest(
            count(*) filter (where not e.is_valid and d.sensor_type = 'consumption'),
            count(*) filter (where not e.is_valid and d.sensor_type = 'plug')
        ) as suspect_minutes
    from energy as e
    inner join devices as d on d.device_key = e.device_key
    group by
        e.datetime_key / 100 * 100,
        e.room_key
),

environment_minutes as (
    select
        *,
        lag(datetime_key) over readings as previous_key,
        lag(window_open_flag) over readings as was_window_open,
        lag(door_open_flag) over readings as was_door_open
    from environment
    window readings as (
        partition by room_key
        order by datetime_key
    )
),

environment_hours as (
    select
        datetime_key / 100 * 100 as hour_key,
        room_key,
        min(apartment_key) as apartment_key,
        {{> order_free_mean value="temperature_c" condition="not is_anomaly"}} as temperature_c_mean,
        min(temperature_c) filter (where not is_anomaly) as temperature_c_min,
        max(temperature_c) filter (where not is_anomaly) as temperature_c_max,
        {{> order_free_mean value="humidity_pct" condition="not is_anomaly"}} as humidity_pct_mean,
        {{> order_free_mean value="co2_ppm" condition="not is_anomaly"}} as co2_ppm_mean,
        max(co2_ppm) filter (where not is_anomaly) as co2_ppm_max,
        {{> order_free_mean value="noise_db" condition="not is_anomaly"}} as noise_db_mean,
        {{> order_free_mean value="pressure_hpa" condition="not is_anomaly"}} as pressure_hpa_mean,
        count(temperature_c) filter (where not is_anomaly) as temperature_minutes,
        count(humidity_pct) filter (where not is_anomaly) as humidity_minutes,
        count(co2_ppm) filter (where not is_anomaly) as co2_minutes,
        count(*) filter (where co2_ppm > 1000 and not is_anomaly) as co2_minutes_above_1000,
        count(*) filter (where window_open_flag) as window_open_minutes,
        count(*) filter (where door_open_flag) as door_open_minutes,
        count(*) filter (
            where window_open_flag
                and not was_window_open
                and {{> minute_start key="previous_key"}} >= {{> minute_start key="datetime_key"}} - interval '1 hour'
        ) as window_openings,
        count(*) filter (
            where door_open_flag
                and not was_door_open
                and {{> minute_start key="previous_key"}} >= {{> minute_start key="datetime_key"}} - interval '1 hour'
        ) as door_openings,
        count(*) as seen_minutes,
        count(*) filter (where is_anomaly) as suspect_minutes
    from environment_minutes
    {{#incremental}}
    where (apartment_key, datetime_key / 100 * 100) in (select apartment_key, hour_key from touched)
    {{/incremental}}
    group by
        datetime_key / 100 * 100,
        room_key
),

presence_hours as (
    select
        datetime_key / 100 * 100 as hour_key,
        room_key,
        min(apartment_key) as apartment_key,
        count(*) filter (where presence_flag) as presence_minutes,
        count(*) filter (where motion_count > 0) as motion_minutes,
        count(*) as seen_minutes
    from presence
    group by
        datetime_key / 100 * 100,
        room_key
),

light_hours as (
    select
        {{> minute_key instant="date_trunc('hour', l.timestamp, 'UTC')"}} as hour_key,
        r.room_key,
        {{> order_free_mean value="l.value" condition="not l.is_outlier"}} as light_lux_mean,
        max(l.value) filter (where not l.is_outlier) as light_lux_max
    from light_readings as l
    inner join apartments as a on a.apartment_id = l.apartment
    inner join rooms as r on r.apartment_key = a.apartment_key and r.room_name = l.room
    group by
        date_trunc('hour', l.timestamp, 'UTC'),
        r.room_key
),

hours as (
    select
        hour_key,
        room_key,
        apartment_key
    from energy_hours
    union
    select
        hour_key,
        room_key,
        apartment_key
    from environment_hours
    union
    select
        hour_key,
        room_key,
        apartment_key
    from presence_hours
),

starts as (
    select
        h.*,
        {{> minute_start key="h.hour_key"}} as hour_start
    from hours as h
),

final as (
    select
        h.hour_key,
        h.room_key,
        h.apartment_key,
        {{> date_key date="l.hour_start_local"}} as date_key,
        extract(hour from l.hour_start_local)::integer as hour,
        h.hour_start,
        e.energy_kwh_meter,
        e.energy_kwh_plugs,
        e.cost_chf_meter,
        e.cost_chf_plugs,
        e.peak_power_w,
        v.temperature_c_mean,
        v.temperature_c_min,
        v.temperature_c_max,
        v.humidity_pct_mean,
        v.co2_ppm_mean,
        v.co2_ppm_max,
        v.noise_db_mean,
        v.pressure_hpa_mean,
        i.light_lux_mean,
        i.light_lux_max,
        coalesce(v.temperature_minutes, 0)::integer as temperature_minutes,
        coalesce(v.humidity_minutes, 0)::integer as humidity_minutes,
        coalesce(v.co2_minutes, 0)::integer as co2_minutes,
        coalesce(v.co2_minutes_above_1000, 0)::integer as co2_minutes_above_1000,
        coalesce(v.window_open_minutes, 0)::integer as window_open_minutes,
        coalesce(v.door_open_minutes, 0)::integer as door_open_minutes,
        coalesce(v.window_openings, 0)::integer as window_openings,
        coalesce(v.door_openings, 0)::integer as door_openings,
        case when y.presence_grain is distinct from 'day' then p.presence_minutes::integer end as presence_minutes,
        case when y.presence_grain is distinct from 'day' then p.motion_minutes::integer end as motion_minutes,
        greatest(e.seen_minutes, v.seen_minutes, p.seen_minutes)::integer as seen_minutes,
        greatest(e.suspect_minutes, v.suspect_minutes, 0)::integer as suspect_minutes,
        v.temperature_c_mean between c.temperature_lower and c.temperature_upper as is_temperature_comfortable,
        v.co2_ppm_mean between c.co2_lower and c.co2_upper as is_air_fresh,
        v.humidity_pct_mean between c.humidity_lower and c.humidity_upper as is_humidity_comfortable,
        {{#incremental}}
        (select max(n.load_id) from new_readings as n) as load_id
        {{else}}
        (select max(s.load_id) from {{ref "sensor_events"}} as s) as load_id
        {{/incremental}}
    from starts as h
    cross join lateral (
        select {{> local_time instant="h.hour_start"}} as hour_start_local
    ) as l
    inner join rooms as r on r.room_key = h.room_key
    left join room_types as y on y.room_type = r.room_type
    left join energy_hours as e on e.hour_key = h.hour_key and e.room_key = h.room_key
    left join environment_hours as v on v.hour_key = h.hour_key and v.room_key = h.room_key
    left join presence_hours as p on p.hour_key = h.hour_key and p.room_key = h.room_key
    left join light_hours as i on i.hour_key = h.hour_key and i.room_key = h.room_key
    cross join comfort as c
)

select
    hour_key,
    room_key,
    apartment_key,
    date_key,
    hour,
    hour_start,
    energy_kwh_meter,
    energy_kwh_plugs,
    cost_chf_meter,
    cost_chf_plugs,
    peak_power_w,
    temperature_c_mean,
    temperature_c_min,
    temperature_c_max,
    humidity_pct_mean,
    co2_ppm_mean,
    co2_ppm_max,
    noise_db_mean,
    pressure_hpa_mean,
    light_lux_mean,
    light_lux_max,
    temperature_minutes,
    humidity_minutes,
    co2_minutes,
    co2_minutes_above_1000,
    window_open_minutes,
    door_open_minutes,
    window_openings,
    door_openings,
    presence_minutes,
    motion_minutes,
    seen_minutes,
    suspect_minutes,
    is_temperature_comfortable,
    is_air_fresh,
    is_humidity_comfortable,
    load_id
from final
