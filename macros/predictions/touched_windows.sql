{{! The predicted windows to compare again: predictions that are new, and those in whose windows something was measured. CTEs, the last
    of which is touched (timestamp, apartment, room, target), for an incremental build alone. Reads the CTEs predicted and datetimes. }}
-- How far before a reading a window that holds it may begin.
longest_windows as (
    select
        p.apartment,
        p.room,
        p.target,
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
        p.room,
        p.target
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
        -- the first that the index by device has; without an order the planner may read the table from its beginning
        order by f.datetime_key
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
        and (e.apartment, e.room) in (select p.apartment, p.room from longest_windows as p)
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

measured_quarters as (
    select
        quarter,
        apartment,
        room
    from {{ref "room_quarter"}}
    where load_id > {{high_water "room_quarter"}}
),

-- What was measured when, by the target that it decides. A window holds it if it begins and ends within these times.
decided as (
    select
        m.apartment,
        m.room,
        w.target,
        m.timestamp - w.longest as begins_after,
        m.timestamp as begins_until,
        m.timestamp as ends_after
    from measured as m
    join longest_windows as w
        on w.apartment = m.apartment
        and w.room = m.room
    where w.target not in ('occupied', 'energy_kwh_day', 'occupied_hours_day')
    union all
    select
        m.apartment,
        m.room,
        w.target,
        m.quarter - w.longest,
        m.quarter + interval '14 minutes',
        m.quarter
    from measured_quarters as m
    join longest_windows as w
        on w.apartment = m.apartment
        and w.room = m.room
    where w.target in ('occupied', 'mean_power_w', 'energy_kwh_day', 'occupied_hours_day')
),

touched as (
    select
        timestamp,
        apartment,
        room,
        target
    from {{ref "predictions"}}
    where load_id > {{high_water "predictions"}}
    union
    select
        p.timestamp,
        d.apartment,
        d.room,
        d.target
    from decided as d
    -- one look-up in the index each, whatever the planner believes about their number; so do the others
    cross join lateral (
        select s.timestamp
        from {{ref "predictions"}} as s
        where s.timestamp > d.begins_after
            and s.timestamp <= d.begins_until
            and s.apartment = d.apartment
            and s.room = d.room
            and s.target = d.target
            and s.timestamp + s.window_minutes * interval '1 minute' > d.ends_after
        offset 0
    ) as p
    union
    select
        p.timestamp,
        p.apartment,
        p.room,
        p.target
    from {{ref "predictions"}} as p
    where (p.apartment, p.room) in (select c.apartment, c.room from new_counters as c)
        and p.target = 'energy_wh'
),
