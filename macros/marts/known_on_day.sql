{{! What an apartment has on a local day: a query of one row, with has_meter and with expected_minutes, those of all rooms that have
    reported by then. Reads the CTEs sensors and apartments. apartment, key: keys of apartment and day; newest: the apartment's newest minute; SQL
    expressions. }}
select
    coalesce(bool_or(v.sensor_type = 'consumption'), false) as has_meter,
    (count(distinct v.room) * {{> expected_minutes key=key newest=newest}})::integer as expected_minutes
from sensors as v
inner join apartments as o on o.apartment_id = v.apartment
where o.apartment_key = {{apartment}}
    and v.first_seen < {{> day_end key=key}}
