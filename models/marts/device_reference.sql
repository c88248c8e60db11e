{{config materialized="table" unique_key="device_key"}}

with sensors as (
    select * from {{ref "sensor_devices"}}
),

apartments as (
    select * from {{ref "dim_apartment"}}
),

rooms as (
    select * from {{ref "dim_room"}}
),

devices as (
    select * from {{ref "dim_device"}}
),

appliances as (
    select * from {{ref "appliances"}}
),

profiles as (
    select * from {{ref "ref_energy_profiles"}}
),

-- Several profiles of one kind of appliance: their mean.
known as (
    select
        a.appliance_type,
        {{> order_free_mean value="p.kwh_year" condition="true"}} as kwh_year
    from profiles as p
    inner join appliances as a on {{> squeezed name="a.raw_type"}} = {{> squeezed name="p.appliance_type"}}
    where p.kwh_year > 0
    group by a.appliance_type
),

final as (
    select
        d.device_key,
        d.room_key,
        d.apartment_key,
        k.kwh_year as reference_kwh_year,
        k.kwh_year / 365 as reference_kwh_day
    from sensors as s
    inner join apartments as a on a.apartment_id = s.apartment
    inner join rooms as r on r.apartment_key = a.apartment_key and r.room_name = s.room
    inner join devices as d on d.room_key = r.room_key and d.sensor_type = s.sensor_type
    inner join known as k on k.appliance_type = d.device_type
    where s.sensor_type = 'plug'
)

select
    device_key,
    room_key,
    apartment_key,
    reference_kwh_year,
    reference_kwh_day
from final
