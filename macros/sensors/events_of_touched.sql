{{! All silver rows of the touched minutes, whatever load they came with: the body of a CTE. Reads the CTE touched, which names
    a timestamp with its room (by="room") or its device (by="device"). }}
select e.*
from touched as t
-- one look-up in the key of sensor_events a minute, whatever the planner believes about the number of minutes
cross join lateral (
    select s.*
    from {{ref "sensor_events"}} as s
    where s.timestamp = t.timestamp
        and s.apartment = t.apartment
        and s.room = t.room
{{#if (eq by "device")}}
        and s.sensor_type = t.sensor_type
{{/if}}
    offset 0
) as e
