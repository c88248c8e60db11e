{{config materialized="incremental" unique_key="datetime_key, device_key"}}

{{#incremental}}
with fresh as (
    select
        apartment,
        room,
        sensor_type,
        field,
        timestamp
    from {{ref "sensor_events"}}
    where load_id > {{high_water "sensor_events"}}
        and sensor_type in ('plug', 'consumption')
),

-- Devices whose first counter reading has just come: until now their energy was made from power.
new_counters as (
    select
        c.apartment,
        c.room,
        c.sensor_type
    from (
        select distinct
            apartment,
            room,
            sensor_type
        from fresh
        where field = 'total'
    ) as c
    where not exists (
        select
        from {{ref "sensor_events"}} as s
        where s.apartment = c.apartment
            and s.room = c.room
            and s.sensor_type = c.sensor_type
            and s.field = 'total'
            and s.load_id <= {{high_water "sensor_events"}}
    )
),

touched as (
    select
        apartment,
        room,
        sensor_type,
        timestamp
    from fresh
    union
    -- the counter reading after a touched one rises from it
    select
        f.apartment,
        f.room,
        f.sensor_type,
        n.timestamp
    from fresh as f
    cross join lateral (
        select s.timestamp
        from {{ref "sensor_events"}} as s
        where s.apartment = f.apartment
            and s.room = f.room
            and s.sensor_type = f.sensor_type
            and s.field = 'total'
            and s.timestamp > f.timestamp
        order by s.timestamp
        limit 1
    ) as n
    where f.field = 'total'
    union
    select
        s.apartment,
        s.room,
        s.sensor_type,
        s.timestamp
    from new_counters as c
    join {{ref "sensor_events"}} as s
        on s.apartment = c.apartment
        and s.room = c.room
        and s.sensor_type = c.sensor_type
),

events as (
    {{> events_of_touched by="device"}}
),
{{else}}
with events as (
    select * from {{ref "sensor_events"}}
),
{{/incremental}}

minutes as (
    select
        apartment,
        room,
        sensor_type,
        timestamp,
        max(value) filter (where field in ('power', 'total_power')) as power_w,
        max(value) filter (where field = 'total') as counter_total,
        not bool_or(is_outlier) as is_valid
    from events
    where sensor_type in ('plug', 'consumption')
    group by
        apartment,
        room,
        sensor_type,
        timestamp
),

counters as (
{{#incremental}}
    select
        m.*,
        p.value as previous_total,
        m.counter_total is not null or exists (
            select
            from {{ref "sensor_events"}} as s
            where s.apartment = m.apartment
                and s.room = m.room
                and s.sensor_type = m.sensor_type
                and s.field = 'total'
        ) as has_counter
    from minutes as m
    left join lateral (
        select s.value
        from {{ref "sensor_events"}} as s
        where s.apartment = m.apartment
            and s.room = m.room
            and s.sensor_type = m.sensor_type
            and s.field = 'total'
            and s.timestamp < m.timestamp
        order by s.timestamp desc
        limit 1
    ) as p on m.counter_total is not null
{{else}}
    select
        *,
        -- minutes without a counter reading are partitions of their own, so that lag passes over them
        lag(counter_total) over (
            partition by apartment, room, sensor_type, counter_total is null
            order by timestamp
        ) as previous_total,
        count(counter_total) over (partition by apartment, room, sensor_type) > 0 as has_counter
    from minutes
{{/incremental}}
),

rises as (
    select
        *,
        case
            when previous_total is null then 0
            -- a reset, which counts from 0
            when counter_total < previous_total then greatest(counter_total, 0)
            else greatest(counter_total, 0) - greatest(previous_total, 0)
        end as rise_wh
    from counters
),

energies as (
    select
        *,
        -- less than 1e-200 is nothing, and what is divided further on would leave the range of double precision
        case
            when has_counter then case when rise_wh >= 1e-200 then rise_wh else 0 end
            when abs(power_w) < 1e-200 then 0
            else power_w / 60
        end as energy_wh
    from rises
),

datetimes as (
    select * from {{ref "dim_datetime"}}
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

tariffs as (
    select * from {{ref "dim_tariff"}}
    where provider = {{literal (var "tariff_provider")}}
),

final as (
    select
        t.datetime_key,
        d.device_key,
        t.date_key,
        a.apartment_key,
        r.room_key,
        f.tariff_key,
        e.power_w,
        e.counter_total,
        e.energy_wh,
        e.energy_wh / 1000 as energy_kwh,
        e.energy_wh / 1000 * f.chf_per_kwh::double precision as cost_chf,
        e.is_valid
    from energies as e
    left join datetimes as t on t.timestamp_utc = e.timestamp
    left join apartments as a on a.apartment_id = e.apartment
    left join rooms as r on r.apartment_key = a.apartment_key and r.room_name = e.room
    left join devices as d on d.room_key = r.room_key and d.sensor_type = e.sensor_type
    left join tariffs as f on f.year = t.year
)

select
    datetime_key,
    device_key,
    date_key,
    apartment_key,
    room_key,
    tariff_key,
    power_w,
    counter_total,
    energy_wh,
    energy_kwh,
    cost_chf,
    is_valid
from final
