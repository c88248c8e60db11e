{{config materialized="incremental" unique_key="quarter, apartment, room"}}

{{#incremental}}
with touched as (
    select distinct
        apartment,
        {{> quarter_of instant="timestamp"}} as quarter
    from {{ref "sensor_events"}}
    where load_id > {{high_water "sensor_events"}}
        and {{> is_of_quarter}}
),

events as (
    select e.*
    from touched as t
    -- one range of the key of sensor_events a quarter, whatever the planner believes about their number
    cross join lateral (
        select s.*
        from {{ref "sensor_events"}} as s
        where s.timestamp >= t.quarter
            and s.timestamp < t.quarter + interval '15 minutes'
            and s.apartment = t.apartment
        offset 0
    ) as e
),
{{else}}
with events as (
    select * from {{ref "sensor_events"}}
),
{{/incremental}}

readings as (
    select
        {{> quarter_of instant="timestamp"}} as quarter,
        apartment,
        room,
        -- one row a minute each, by the key of sensor_events
        case sensor_type when 'consumption' then 'power' when 'window' then 'window_open' when 'door' then 'door_open' else field end as field,
        sensor_type,
        value,
        is_outlier,
        load_id
    from events
    where {{> is_of_quarter}}
),

sums as (
    select
        quarter,
        apartment,
        room,
        count(*) filter (where field = 'motion') as motion_seen,
        count(*) filter (where field = 'motion' and value > 0) as motion_minutes,
        count(*) filter (where field = 'door_open') as door_seen,
        count(*) filter (where field = 'door_open' and value > 0) as door_open_minutes,
        count(*) filter (where field = 'window_open') as window_seen,
        count(*) filter (where field = 'window_open' and value > 0) as window_open_minutes,
        count(*) filter (where field = 'power' and sensor_type = 'plug' and not is_outlier) as plug_seen,
        count(*) filter (where field = 'power' and sensor_type = 'consumption' and not is_outlier) as meter_seen,
        {{> order_free_mean value="value" condition="field = 'power' and sensor_type = 'plug' and not is_outlier"}} as plug_w,
        {{> order_free_mean value="value" condition="field = 'power' and sensor_type = 'consumption' and not is_outlier"}} as meter_w,
        {{> order_free_mean value="value" condition="field = 'light' and not is_outlier"}} as light_lux,
        {{> order_free_mean value="value" condition="field = 'co2_ppm' and not is_outlier"}} as co2_ppm,
        {{> order_free_mean value="value" condition="field = 'noise_db' and not is_outlier"}} as noise_db,
        {{> order_free_mean value="value" condition="field = 'temperature_c' and not is_outlier"}} as temperature_c,
        max(load_id) as load_id
    from readings
    group by
        quarter,
        apartment,
        room
),

final as (
    select
        quarter,
        apartment,
        room,
        motion_seen::integer as motion_seen,
        case when motion_seen > 0 then motion_minutes::integer end as motion_minutes,
        case when door_seen > 0 then door_open_minutes::integer end as door_open_minutes,
        case when window_seen > 0 then window_open_minutes::integer end as window_open_minutes,
        greatest(plug_seen, meter_seen)::integer as power_seen,
        case when plug_w is not null or meter_w is not null then coalesce(plug_w, 0) + coalesce(meter_w, 0) end as power_w,
        light_lux,
        co2_ppm,
        noise_db,
        temperature_c,
        load_id
    from sums
)

select
    quarter,
    apartment,
    room,
    motion_seen,
    motion_minutes,
    door_open_minutes,
    window_open_minutes,
    power_seen,
    power_w,
    light_lux,
    co2_ppm,
    noise_db,
    temperature_c,
    load_id
from final
