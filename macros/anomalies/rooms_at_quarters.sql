{{! The rows of room_quarter at the quarters of a CTE `of` (apartment, quarter). One look-up in the key each, whatever the planner believes about their number. }}
select r.*
from {{of}} as d
cross join lateral (
    select s.*
    from {{ref "room_quarter"}} as s
    where s.quarter = d.quarter
        and s.apartment = d.apartment
    offset 0
) as r
