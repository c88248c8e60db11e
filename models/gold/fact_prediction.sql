{{config materialized="incremental" unique_key="datetime_key, room_key, model_key, horizon_key, target_key"}}

with datetimes as (
    select * from {{ref "dim_datetime"}}
),

apartments as (
    select * from {{ref "dim_apartment"}}
),

rooms as (
    select * from {{ref "dim_room"}}
),

models as (
    select * from {{ref "dim_model"}}
),

horizons as (
    select * from {{ref "dim_horizon"}}
),

targets as (
    select * from {{ref "dim_target"}}
),

predicted as (
    select
        p.apartment,
        p.room,
        p.target,
        r.apartment_key,
        r.room_key
    from {{ref "prediction_targets"}} as p
    left join apartments as a on a.apartment_id = p.apartment
    left join rooms as r on r.apartment_key = a.apartment_key and r.room_name = p.room
),

{{#incremental}}
-- Counters read anew: the energy of the reading after each of them is another too, maybe long after it.
counters as (
    select distinct
        e.apartment,
        e.room,
        d.device_key,
        t.datetime_key
    from {{ref "sensor_events"}} as e
    join predicted as p
        on p.apartment = e.apartment
        and p.room = e.room
        and p.target = 'energy_wh'
    left join {{ref "dim_device"}} as d on d.room_key = p.room_key and d.sensor_type = e.sensor_type
    left join lateral (
        select s.datetime_key
        from datetimes as s
        where s.timestamp_utc = e.timestamp
        offset 0
    ) as t on true
    where e.load_id > {{high_water "sensor_events"}}
        and e.field = 'total'
        and e.sensor_type in ('plug', 'consumption')
),

-- Devices all of whose counter readings are new: until now all their energy was made from power.
new_counters as (
    select
        d.apartment,
        d.room
    from (
        select distinct
            apartment,
            room,
            device_key
        from counters
    ) as d
    left join lateral (
        select true as is_known
        from {{ref "fact_energy_minute"}} as f
        where f.device_key = d.device_key
            and f.counter_total is not null
            and (f.device_key, f.datetime_key) not in (select c.device_key, c.datetime_key from counters as c)
        limit 1
    ) as k on true
    where k.is_known is null
),

touched as (
    select
        timestamp,
        apartment,
        room
    from {{ref "predictions"}}
    where load_id > {{high_water "predictions"}}
    union
    select
        e.timestamp,
        e.apartment,
        e.room
    from {{ref "sensor_events"}} as e
    where e.load_id > {{high_water "sensor_events"}}
        and (e.apartment, e.room) in (select p.apartment, p.room from predicted as p)
    union
    select
        t.timestamp_utc,
        c.apartment,
        c.room
    from counters as c
    cross join lateral (
        select f.datetime_key
        from {{ref "fact_energy_minute"}} as f
        where f.device_key = c.device_key
            and f.datetime_key > c.datetime_key
            and f.counter_total is not null
        order by f.datetime_key
        limit 1
    ) as n
    cross join lateral (
        select s.timestamp_utc
        from datetimes as s
        where s.datetime_key = n.datetime_key
        offset 0
    ) as t
    union
    select
        p.timestamp,
        p.apartment,
        p.room
    from {{ref "predictions"}} as p
    where (p.apartment, p.room) in (select c.apartment, c.room from new_counters as c)
        and p.target = 'energy_wh'
),

predictions as (
    select p.*
    from touched as t
    -- one look-up in the key of predictions each, whatever the planner believes about their number; so do the others
    cross join lateral (
        select s.*
        from {{ref "predictions"}} as s
        where s.timestamp = t.timestamp
            and s.apartment = t.apartment
            and s.room = t.room
        offset 0
    ) as p
),
{{else}}
predictions as (
    select * from {{ref "predictions"}}
),

energies as (
    select
        datetime_key,
        room_key,
        {{> order_free_sum value="power_w"}} as power_w,
        {{> order_free_sum value="energy_wh"}} as energy_wh
    from {{ref "fact_energy_minute"}}
    where room_key in (select p.room_key from predicted as p where p.target in ('power_w', 'energy_wh'))
    group by
        datetime_key,
        room_key
),
{{/incremental}}

keyed as (
    select
        p.*,
        d.datetime_key,
        d.date_key,
        r.room_key,
        r.apartment_key,
        m.model_key,
        h.horizon_key,
        t.target_key
    from predictions as p
    left join predicted as r
        on r.apartment = p.apartment
        and r.room = p.room
        and r.target = p.target
    left join models as m on m.model_name = p.model_name and m.model_version = p.model_version
    left join horizons as h on h.horizon_type = p.horizon_type and h.horizon_days = p.horizon_days
    left join targets as t on t.target_name = p.target
    left join lateral (
        select
            s.datetime_key,
            s.date_key
        from datetimes as s
        where s.timestamp_utc = p.timestamp
        {{#incremental}}
        offset 0
        {{/incremental}}
    ) as d on true
),

final as (
    select
        k.datetime_key,
        k.room_key,
        k.model_key,
        k.horizon_key,
        k.target_key,
        k.date_key,
        k.apartment_key,
        k.value as predicted_value,
        k.class as predicted_class,
        k.confidence,
        case k.target
            when 'presence' then p.presence_flag::integer
            when 'temperature_c' then e.temperature_c
            when 'humidity_pct' then e.humidity_pct
            when 'co2_ppm' then e.co2_ppm
            when 'noise_db' then e.noise_db
            when 'pressure_hpa' then e.pressure_hpa
            when 'power_w' then w.power_w
            when 'energy_wh' then w.energy_wh
        end as actual_value
    from keyed as k
    left join lateral (
        select f.presence_flag
        from {{ref "fact_presence_minute"}} as f
        where f.datetime_key = k.datetime_key
            and f.room_key = k.room_key
        {{#incremental}}
        offset 0
        {{/incremental}}
    ) as p on true
    left join lateral (
        select f.*
        from {{ref "fact_environment_minute"}} as f
        where f.datetime_key = k.datetime_key
            and f.room_key = k.room_key
        {{#incremental}}
        offset 0
        {{/incremental}}
    ) as e on true
    {{#incremental}}
    left join lateral (
        select
            {{> order_free_sum value="f.power_w"}} as power_w,
            {{> order_free_sum value="f.energy_wh"}} as energy_wh
        from {{ref "fact_energy_minute"}} as f
        where f.datetime_key = k.datetime_key
            and f.room_key = k.room_key
    ) as w on true
    {{else}}
    left join energies as w
        on w.datetime_key = k.datetime_key
        and w.room_key = k.room_key
    {{/incremental}}
)

select
    datetime_key,
    room_key,
    model_key,
    horizon_key,
    target_key,
    date_key,
    apartment_key,
    predicted_value,
    predicted_class,
    confidence,
    actual_value
from final
