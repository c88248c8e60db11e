{{! The rows of a fact by the minute: those of the hours of the CTE touched, or all. The body of a CTE; fact: the model. }}
{{#incremental}}
select m.*
from touched as t
-- a range of the key each, which begins with the minute, whatever the planner believes about their number
cross join lateral (
    select s.*
    from {{ref fact}} as s
    where s.datetime_key between t.hour_key and t.hour_key + 59
        and s.apartment_key = t.apartment_key
    offset 0
) as m
{{else}}
select * from {{ref fact}}
{{/incremental}}
