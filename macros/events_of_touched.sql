{{! All silver rows of the touched minutes, whatever load they came with: the body of a CTE. Reads the CTE touched, which has
    a timestamp beside the columns that name its rooms (by="room") or devices (by="device"). }}
select e.*
from (select distinct timestamp from touched) as m
-- by the index on timestamp, whatever the planner believes about the number of minutes
cross join lateral (
    select s.*
    from {{ref "sensor_events"}} as s
    where s.timestamp = m.timestamp
    offset 0
) as e
join touched as t
    on t.apartment = e.apartment
    and t.room = e.room
{{#if (eq by "device")}}
    and t.sensor_type = e.sensor_type
{{/if}}
    and t.timestamp = e.timestamp
