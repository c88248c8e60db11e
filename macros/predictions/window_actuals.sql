{{! What was measured in each of the CTE windows (apartment, room, room_key, target, timestamp, window_minutes), as docs/predictions.md says by
    target: a query with their columns and actual_value, NULL while nothing was measured. }}
select
    w.apartment,
    w.room,
    w.target,
    w.timestamp,
    w.window_minutes,
    case
        when w.target = 'presence' then p.motion::integer
        when w.target = 'temperature_c' then c.temperature_c
        when w.target = 'humidity_pct' then c.humidity_pct
        when w.target = 'co2_ppm' then c.co2_ppm
        when w.target = 'noise_db' then c.noise_db
        when w.target = 'pressure_hpa' then c.pressure_hpa
        when w.target = 'occupied' then case when q.motion_seen >= 8 then (q.motion_minutes > 0)::integer end
        when w.target = 'mean_power_w' and {{> is_quarter}} then case when q.power_seen >= 8 then q.power_w end
        when w.target in ('consumption', 'mean_power_w') then e.device_power_w
        when w.target = 'power_w' then e.room_power_w
        when w.target = 'energy_wh' then e.energy_wh
        -- what was read stands for the whole window, once that is three quarters of it
        when w.target = 'energy_kwh_day' and l.power_quarters * 20 >= w.window_minutes
            then round((l.power_w * w.window_minutes / 60000)::numeric, 6)::double precision
        when w.target = 'occupied_hours_day' and l.motion_quarters * 20 >= w.window_minutes
            then round(l.occupied * w.window_minutes / 60, 6)::double precision
    end as actual_value
from windows as w
left join lateral (
    select bool_or(m.value > 0) as motion
    from ({{> minutes_of_window}}) as n
    cross join lateral (
        select s.value
        from {{ref "sensor_events"}} as s
        where s.timestamp = n.timestamp
            and s.apartment = w.apartment
            and s.room = w.room
            and s.sensor_type = 'motion'
            and s.field = 'motion'
        offset 0
    ) as m
    where w.target = 'presence'
) as p on true
left join lateral (
    select
        {{> order_free_mean value="f.temperature_c" condition="true"}} as temperature_c,
        {{> order_free_mean value="f.humidity_pct" condition="true"}} as humidity_pct,
        {{> order_free_mean value="f.co2_ppm" condition="true"}} as co2_ppm,
        {{> order_free_mean value="f.noise_db" condition="true"}} as noise_db,
        {{> order_free_mean value="f.pressure_hpa" condition="true"}} as pressure_hpa
    from ({{> minutes_of_window}}) as n
    cross join lateral (
        select f.*
        from {{ref "fact_environment_minute"}} as f
        where f.datetime_key = n.datetime_key
            and f.room_key = w.room_key
            and not f.is_anomaly
        offset 0
    ) as f
    where w.target in ('temperature_c', 'humidity_pct', 'co2_ppm', 'noise_db', 'pressure_hpa')
) as c on true
left join lateral (
    select
        {{> order_free_mean value="m.device_power_w" condition="true"}} as device_power_w,
        {{> order_free_mean value="m.room_power_w" condition="m.is_first"}} as room_power_w,
        {{> order_free_sum value="m.energy_wh"}} as energy_wh
    from (
        select
            f.energy_wh,
            case when f.is_valid then f.power_w end as device_power_w,
            sum(f.power_w::numeric) filter (where f.is_valid) over (partition by f.datetime_key) as room_power_w,
            row_number() over (partition by f.datetime_key order by f.device_key) = 1 as is_first
        from ({{> minutes_of_window}}) as n
        cross join lateral (
            select f.*
            from {{ref "fact_energy_minute"}} as f
            where f.datetime_key = n.datetime_key
                and f.room_key = w.room_key
            offset 0
        ) as f
        where w.target in ('consumption', 'power_w', 'energy_wh') or w.target = 'mean_power_w' and not {{> is_quarter}}
    ) as m
) as e on true
left join lateral (
    select r.*
    from {{ref "room_quarter"}} as r
    where r.quarter = w.timestamp
        and r.apartment = w.apartment
        and r.room = w.room
        and w.target in ('occupied', 'mean_power_w')
        and {{> is_quarter}}
    offset 0
) as q on true
left join lateral (
    select
        count(*) filter (where r.power_seen >= 8) as power_quarters,
        {{> order_free_mean value="r.power_w" condition="r.power_seen >= 8"}} as power_w,
        count(*) filter (where r.motion_seen >= 8) as motion_quarters,
        avg((r.motion_minutes > 0)::integer) filter (where r.motion_seen >= 8) as occupied
    from {{ref "room_quarter"}} as r
    where r.quarter >= w.timestamp
        and r.quarter <= w.timestamp + (w.window_minutes - 15) * interval '1 minute'
        and r.apartment = w.apartment
        and r.room = w.room
        and w.target in ('energy_kwh_day', 'occupied_hours_day')
) as l on true
