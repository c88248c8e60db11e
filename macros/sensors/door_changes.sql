{{! The minutes in which the doors of a room are read, and whether they opened or closed: whether this reading differs from the
    one before, however long ago. NULL for the first reading. The body of a CTE. }}
select
    apartment,
    room,
    timestamp,
    (value > 0) <> lag(value > 0) over (partition by apartment, room order by timestamp) as is_change
from {{ref "sensor_events"}}
where sensor_type = 'door'
    and field = 'open'
