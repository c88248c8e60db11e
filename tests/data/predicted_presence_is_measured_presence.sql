-- What presence is compared with is the motion that silver has in its window: filled in, however late the readings came.
with predicted as (
    select
        f.datetime_key,
        f.room_key,
        f.window_minutes,
        f.actual_value,
        d.timestamp_utc as timestamp,
        a.apartment_id as apartment,
        r.room_name as room
    from {{ref "fact_prediction"}} as f
    join {{ref "dim_target"}} as t on t.target_key = f.target_key
    join {{ref "dim_datetime"}} as d on d.datetime_key = f.datetime_key
    join {{ref "dim_apartment"}} as a on a.apartment_key = f.apartment_key
    join {{ref "dim_room"}} as r on r.room_key = f.room_key
    where t.target_name = 'presence'
        and f.date_key >= {{> kept_since models="'sensor_events'"}}
),

measured as (
    select
        w.timestamp,
        w.apartment,
        w.room,
        w.window_minutes,
        max((e.value > 0)::integer) as motion
    from (select distinct timestamp, apartment, room, window_minutes from predicted) as w
    cross join lateral ({{> minutes_of_window}}) as n
    join {{ref "sensor_events"}} as e
        on e.timestamp = n.timestamp
        and e.apartment = w.apartment
        and e.room = w.room
    where e.sensor_type = 'motion'
        and e.field = 'motion'
    group by 1, 2, 3, 4
)

select
    p.datetime_key,
    p.room_key,
    p.actual_value,
    m.motion
from predicted as p
left join measured as m using (timestamp, apartment, room, window_minutes)
where p.actual_value is distinct from m.motion
