{{! The days (UTC) from first to last that an apartment has a reading on, and those of its gaps of at most sensor_gap_days without any: a
    query with the column date. apartment: an expression; first, last: dates. One look-up in the key of apartment_days for each day. }}
select f.day::date as date
from {{ref "apartment_days"}} as s
cross join lateral (
    select min(n.date) as date
    from {{ref "apartment_days"}} as n
    where n.apartment = s.apartment
        and n.date > s.date
) as o
cross join lateral generate_series(
    greatest(s.date, {{first}})::timestamp,
    least(case when o.date - s.date <= {{var "sensor_gap_days"}} + 1 then o.date - 1 else s.date end, {{last}})::timestamp,
    interval '1 day'
) as f (day)
where s.apartment = {{apartment}}
    and s.date >= {{first}} - {{var "sensor_gap_days"}}
    and s.date <= {{last}}
