{{! The local days of a room whose predictions have to be compared anew: CTEs, the last of which is touched (date_key, room_key), for an incremental
    build alone. }}
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
            apartment,
            room,
            {{> local_time instant="quarter"}}::date as last_day,
            -- A window has at most 10,080 minutes.
            {{> local_time instant="(quarter - interval '7 days')"}}::date as first_day
        from {{ref "room_quarter"}}
        where load_id > {{high_water "room_quarter"}}
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
