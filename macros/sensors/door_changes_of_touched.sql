{{! The same as door_changes for the minutes of an increment: reads the CTE events, which has their rows. }}
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
