{{! The first reading of a door after each new one: a query with the columns apartment, room and timestamp, for an increment. }}
select
    e.apartment,
    e.room,
    n.timestamp
from {{ref "sensor_events"}} as e
join {{ref "sensor_devices"}} as d
    on d.apartment = e.apartment
    and d.room = e.room
    and d.sensor_type = e.sensor_type
cross join lateral (
    select s.timestamp
    from {{ref "sensor_events"}} as s
    where s.timestamp > e.timestamp
        -- where the look-up ends for a door that read nothing after
        and s.timestamp <= d.last_seen
        and s.apartment = e.apartment
        and s.room = e.room
        and s.sensor_type = 'door'
        and s.field = 'open'
    order by s.timestamp
    limit 1
) as n
where e.load_id > {{high_water "sensor_events"}}
    and e.sensor_type = 'door'
    and e.field = 'open'
