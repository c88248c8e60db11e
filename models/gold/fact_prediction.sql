{{config materialized="incremental" unique_key="datetime_key, room_key, model_key, horizon_key, target_key"}}

with datetimes as (
    select * from {{ref "dim_datetime"}}
),

apartments as (
    select * from {{ref "dim_apartment"}}
),

rooms as (
    select * from {{ref "dim_room"}}
),

models as (
    select * from {{ref "dim_model"}}
),

horizons as (
    select * from {{ref "dim_horizon"}}
),

targets as (
    select * from {{ref "dim_target"}}
),

predicted as (
    select
        p.apartment,
        p.room,
        p.target,
        r.apartment_key,
        r.room_key
    from {{ref "prediction_targets"}} as p
    left join apartments as a on a.apartment_id = p.apartment
    left join rooms as r on r.apartment_key = a.apartment_key and r.room_name = p.room
),

{{#incremental}}
-- How far before a reading a window that holds it may begin.
rooms_predicted as (
    select
        p.apartment,
        p.room,
        max(w.window_minutes) * interval '1 minute' as longest
    from predicted as p
    cross join lateral (
        select max(s.window_minutes) as window_minutes
        from {{ref "predictions"}} as s
        where s.apartment = p.apartment
            and s.room = p.room
            and s.target = p.target
    ) as w
    group by
        p.apartment,
        p.room
),

-- Counters read anew: the energy of the reading after each of them is another too, maybe long after it.
counters as (
    select distinct
        e.apartment,
        e.room,
        d.device_key,
        t.datetime_key
    from {{ref "sensor_events"}} as e
    join predicted as p
        on p.apartment = e.apartment
        and p.room = e.room
        and p.target = 'energy_wh'
    left join {{ref "dim_device"}} as d on d.room_key = p.room_key and d.sensor_type = e.sensor_type
    left join lateral (
        select s.datetime_key
        from datetimes as s
        where s.timestamp_utc = e.timestamp
        offset 0
    ) as t on true
    where e.load_id > {{high_water "sensor_events"}}
        and e.field = 'total'
        and e.sensor_type in ('plug', 'consumption')
),

-- Devices all of whose counter readings are new: until now all their energy was made from power.
new_counters as (
    select
        d.apartment,
        d.room
    from (
        select distinct
            apartment,
            room,
            device_key
        from counters
    ) as d
    left join lateral (
        select true as is_known
        from {{ref "fact_energy_minute"}} as f
        where f.device_key = d.device_key
            and f.counter_total is not null
            and (f.device_key, f.datetime_key) not in (
                select
                    c.device_key,
                    c.datetime_key
                from counters as c
                where c.device_key is not null
                    and c.datetime_key is not null
            )
        limit 1
    ) as k on true
    where k.is_known is null
),

-- What was measured anew: the readings, and the energy of the counter reading after each.
measured as (
    select
        e.timestamp,
        e.apartment,
        e.room
    from {{ref "sensor_events"}} as e
    where e.load_id > {{high_water "sensor_events"}}
        and (e.apartment, e.room) in (select p.apartment, p.room from rooms_predicted as p)
    union
    select
        t.timestamp_utc,
        c.apartment,
        c.room
    from counters as c
    cross join lateral (
        select f.datetime_key
        from {{ref "fact_energy_minute"}} as f
        where f.device_key = c.device_key
            and f.datetime_key > c.datetime_key
            and f.counter_total is not null
        order by f.datetime_key
        limit 1
    ) as n
    cross join lateral (
        select s.timestamp_utc
        from datetimes as s
        where s.datetime_key = n.datetime_key
        offset 0
    ) as t
),

touched as (
    select
        timestamp,
        apartment,
        room
    from {{ref "predictions"}}
    where load_id > {{high_water "predictions"}}
    union
    select
        p.timestamp,
        m.apartment,
        m.room
    from measured as m
    join rooms_predicted as r
        on r.apartment = m.apartment
        and r.room = m.room
    cross join lateral (
        select s.timestamp
        from {{ref "predictions"}} as s
        where s.timestamp > m.timestamp - r.longest
            and s.timestamp <= m.timestamp
            and s.apartment = m.apartment
            and s.room = m.room
            and s.timestamp + s.window_minutes * interval '1 minute' > m.timestamp
        offset 0
    ) as p
    union
    select
        p.timestamp,
        p.apartment,
        p.room
    from {{ref "predictions"}} as p
    where (p.apartment, p.room) in (select c.apartment, c.room from new_counters as c)
        and p.target = 'energy_wh'
),

predictions as (
    select p.*
    from touched as t
    -- one look-up in the key of predictions each, whatever the planner believes about their number; so do the others
    cross join lateral (
        select s.*
        from {{ref "predictions"}} as s
        where s.timestamp = t.timestamp
            and s.apartment = t.apartment
            and s.room = t.room
        offset 0
    ) as p
),
{{else}}
predictions as (
    select * from {{ref "predictions"}}
),
{{/incremental}}

keyed as (
    select
        p.*,
        d.datetime_key,
        d.date_key,
        r.room_key,
        r.apartment_key,
        m.model_key,
        h.horizon_key,
        t.target_key
    from predictions as p
    left join predicted as r
        on r.apartment = p.apartment
        and r.room = p.room
        and r.target = p.target
    left join models as m on m.model_name = p.model_name and m.model_version = p.model_version
    left join horizons as h on h.horizon_name = p.horizon_name and h.horizon_days = p.horizon_days
    left join targets as t on t.target_name = p.target
    left join lateral (
        select
            s.datetime_key,
            s.date_key
        from datetimes as s
        where s.timestamp_utc = p.timestamp
        {{#incremental}}
        offset 0
        {{/incremental}}
    ) as d on true
),

-- Several models and horizons predict the same window.
windows as (
    select distinct
        apartment,
        room,
        room_key,
        target,
        timestamp,
        window_minutes
    from keyed
),

actuals as (
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
            when w.target in ('consumption', 'mean_power_w') then e.device_power_w
            when w.target = 'power_w' then e.room_power_w
            when w.target = 'energy_wh' then e.energy_wh
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
            where w.target in ('consumption', 'mean_power_w', 'power_w', 'energy_wh')
        ) as m
    ) as e on true
),

final as (
    select
        k.datetime_key,
        k.room_key,
        k.model_key,
        k.horizon_key,
        k.target_key,
        k.date_key,
        k.apartment_key,
        k.value as predicted_value,
        k.class as predicted_class,
        k.confidence,
        a.actual_value,
        k.window_minutes,
        k.run_at
    from keyed as k
    left join actuals as a
        on a.timestamp = k.timestamp
        and a.apartment = k.apartment
        and a.room = k.room
        and a.target = k.target
        and a.window_minutes = k.window_minutes
)

select
    datetime_key,
    room_key,
    model_key,
    horizon_key,
    target_key,
    date_key,
    apartment_key,
    predicted_value,
    predicted_class,
    confidence,
    actual_value,
    window_minutes,
    run_at
from final
