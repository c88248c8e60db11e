{{! Of each minute or quarter and room what was predicted of its presence: the body of a CTE, with timestamp, apartment, room, lead_minutes and
    value. target: as is_presence_probability takes it. }}
select distinct on (timestamp, apartment, room)
    timestamp,
    apartment,
    room,
    lead_minutes,
    value
from {{ref "predictions"}} as p
where {{> is_presence_probability target=target}}
order by
    timestamp,
    apartment,
    room,
    {{> presence_probability_order}}
