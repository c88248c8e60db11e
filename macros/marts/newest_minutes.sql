{{! Until when each apartment has readings: a query of a row for each apartment, with apartment_key and newest_minute, a timestamptz. }}
select
    a.apartment_key,
    max(s.last_seen) as newest_minute
from {{ref "sensor_devices"}} as s
inner join {{ref "dim_apartment"}} as a on a.apartment_id = s.apartment
group by a.apartment_key
