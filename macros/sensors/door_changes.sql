{{! The minutes in which the doors of a room are read, and whether they opened or closed: whether this reading differs from the
    one before, however long ago. NULL for the first reading. The body of a CTE; an increment reads the CTE events, with the
    rows of its minutes. }}
{{#incremental}}
select
    e.apartment,
    e.room,
    e.timestamp,
    (e.value > 0) <> p.is_open as is_change
from events as e
left join {{ref "sensor_devices"}} as d
    on d.apartment = e.apartment
    and d.room = e.room
    and d.sensor_type = 'door'
left join lateral (
    select s.value > 0 as is_open
    from {{ref "sensor_events"}} as s
    where s.timestamp < e.timestamp
        -- where the look-up ends for a door that read nothing before
        and s.timestamp >= d.first_seen
        and s.apartment = e.apartment
        and s.room = e.room
        and s.sensor_type = 'door'
        and s.field = 'open'
    order by s.timestamp desc
    limit 1
) as p on true
where e.sensor_type = 'door'
    and e.field = 'open'
{{else}}
select
    apartment,
    room,
    timestamp,
    (value > 0) <> lag(value > 0) over (partition by apartment, room order by timestamp) as is_change
from {{ref "sensor_events"}}
where sensor_type = 'door'
    and field = 'open'
{{/incremental}}
