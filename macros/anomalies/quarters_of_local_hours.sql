{{! The quarters of room_quarter that lie in hours of local time, each with that hour: the body of a CTE. of: a CTE with apartment and hour (a
    timestamp by local clocks; the one that clocks show twice is both). }}
select
    s.*,
    o.hour
from {{of}} as o
-- one range of the key of room_quarter an hour, whatever the planner believes about their number
cross join lateral (
    select r.*
    from {{ref "room_quarter"}} as r
    where r.quarter >= (o.hour at time zone {{literal (var "time_zone")}}) - interval '1 hour'
        and r.quarter < (o.hour at time zone {{literal (var "time_zone")}}) + interval '2 hours'
        and r.apartment = o.apartment
        and date_trunc('hour', {{> local_time instant="r.quarter"}}) = o.hour
    offset 0
) as s
