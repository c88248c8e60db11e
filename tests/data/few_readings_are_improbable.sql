{{config severity="warn"}}
-- Of no room and measure more than warn_quarters quarters of an hour (variable anomalies) of its apartment's newest seven days are improbable. reading_anomalies
-- lists them: a frozen sensor wants a new battery or a restart, an unusual value a look.
with newest as (
    select
        apartment,
        max(quarter) as quarter
    from {{ref "room_quarter"}}
    group by apartment
)

select
    a.apartment,
    a.room,
    a.measure,
    a.reason,
    count(*) as quarters,
    min(a.quarter) as first_quarter,
    max(a.quarter) as last_quarter
from {{ref "reading_anomalies"}} as a
join newest as n on n.apartment = a.apartment
where a.quarter > n.quarter - interval '7 days'
group by
    a.apartment,
    a.room,
    a.measure,
    a.reason
having count(*) > {{lookup (var "anomalies") "warn_quarters"}}
