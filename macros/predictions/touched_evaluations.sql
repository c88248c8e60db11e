{{! The local days of a room whose predictions have to be compared anew: CTEs, the last of which is touched (date_key, room_key), for an incremental
    build alone. Reads the CTE targets, of which they are. }}
-- How far before a quarter a window that ends in it or after it may begin, by room.
longest_windows as (
    select
        r.apartment,
        r.room,
        max(w.window_minutes) * interval '1 minute' as longest
    from (
        select distinct
            apartment,
            room
        from {{ref "room_quarter"}}
        where load_id > {{high_water "room_quarter"}}
    ) as r
    cross join targets as t
    -- one look-up in the index each, whatever the planner believes about their number
    cross join lateral (
        select max(s.window_minutes) as window_minutes
        from {{ref "predictions"}} as s
        where s.apartment = r.apartment
            and s.room = r.room
            and s.target = t.target_name
        offset 0
    ) as w
    group by
        r.apartment,
        r.room
),

-- Local days of a room on which a window begins that is predicted anew, or that holds a quarter measured anew.
touched_days as (
    select distinct
        apartment,
        room,
        {{> local_date_key instant="timestamp"}} as date_key
    from {{ref "predictions"}}
    where load_id > {{high_water "predictions"}}
    union
    select
        q.apartment,
        q.room,
        {{> date_key date="d.day"}}
    from (
        select distinct
            m.apartment,
            m.room,
            {{> local_time instant="m.quarter"}}::date as last_day,
            {{> local_time instant="(m.quarter - w.longest + interval '1 minute')"}}::date as first_day
        from {{ref "room_quarter"}} as m
        join longest_windows as w
            on w.apartment = m.apartment
            and w.room = m.room
        where m.load_id > {{high_water "room_quarter"}}
    ) as q
    cross join lateral generate_series(q.first_day::timestamp, q.last_day::timestamp, interval '1 day') as d (day)
),

touched as (
    select
        d.date_key,
        r.room_key
    from touched_days as d
    join {{ref "dim_apartment"}} as a on a.apartment_id = d.apartment
    join {{ref "dim_room"}} as r on r.apartment_key = a.apartment_key and r.room_name = d.room
),
