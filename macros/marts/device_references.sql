{{! What appliances of the kind use elsewhere: a query of a row for each plug whose appliance is known (dim_device) and has a profile in
    the registry, with apartment_key, room_key and reference_kwh_day, a 365th of the year's; of several profiles of a kind their mean. }}
select
    r.apartment_key,
    r.room_key,
    k.kwh_year / 365 as reference_kwh_day
from {{ref "sensor_devices"}} as s
inner join {{ref "dim_apartment"}} as a on a.apartment_id = s.apartment
inner join {{ref "dim_room"}} as r on r.apartment_key = a.apartment_key and r.room_name = s.room
inner join {{ref "dim_device"}} as d on d.room_key = r.room_key and d.sensor_type = s.sensor_type
inner join (
    select
        t.appliance_type,
        {{> order_free_mean value="p.kwh_year" condition="true"}} as kwh_year
    from {{ref "ref_energy_profiles"}} as p
    inner join {{ref "appliances"}} as t on {{> squeezed name="t.raw_type"}} = {{> squeezed name="p.appliance_type"}}
    where p.kwh_year > 0
    group by t.appliance_type
) as k on k.appliance_type = d.device_type
where s.sensor_type = 'plug'
