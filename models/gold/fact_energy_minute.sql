{{config materialized="incremental" unique_key="datetime_key, device_key"}}

{{#incremental}}
with touched as (
    select distinct
        apartment,
        room,
        sensor_type,
        timestamp
    from {{ref "sensor_events"}}
    where load_id > {{high_water "sensor_events"}}
        and sensor_type in ('plug', 'consumption')
),

events as (
    {{> events_of_touched by="device"}}
),
{{else}}
with events as (
    select * from {{ref "sensor_events"}}
),
{{/incremental}}

sensor_devices as (
    select * from {{ref "sensor_devices"}}
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

dim_devices as (
    select * from {{ref "dim_device"}}
),

tariffs as (
    select * from {{ref "dim_tariff"}}
    where provider = {{literal (var "tariff_provider")}}
),

devices as (
    select
        s.apartment,
        s.room,
        s.sensor_type,
        a.apartment_key,
        r.room_key,
        d.device_key,
        s.has_counter
    from sensor_devices as s
    left join apartments as a on a.apartment_id = s.apartment
    left join rooms as r on r.apartment_key = a.apartment_key and r.room_name = s.room
    left join dim_devices as d on d.room_key = r.room_key and d.sensor_type = s.sensor_type
),

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

readings as (
    select
        t.datetime_key,
        d.device_key,
        t.date_key,
        m.power_w,
        m.counter_total,
        m.is_valid
    from minutes as m
    left join datetimes as t on t.timestamp_utc = m.timestamp
    left join devices as d
        on d.apartment = m.apartment
        and d.room = m.room
        and d.sensor_type = m.sensor_type
),

{{#incremental}}
-- The counter readings beside a touched one: it rises from the one before it, the one after rises from it.
beside as (
    select
        r.device_key,
        p.datetime_key as previous_key,
        n.datetime_key as next_key
    from readings as r
    left join lateral (
        select t.datetime_key
        from {{this}} as t
        where t.device_key = r.device_key
            and t.datetime_key < r.datetime_key
            and t.counter_total is not null
        order by t.datetime_key desc
        limit 1
    ) as p on true
    left join lateral (
        select t.datetime_key
        from {{this}} as t
        where t.device_key = r.device_key
            and t.datetime_key > r.datetime_key
            and t.counter_total is not null
        order by t.datetime_key
        limit 1
    ) as n on true
    where r.counter_total is not null
),

standing as (
    select
        previous_key as datetime_key,
        device_key,
        false as is_due
    from beside
    where previous_key is not null
    union all
    select
        next_key,
        device_key,
        true
    from beside
    where next_key is not null
    union all
    -- a device that has counted nowhere yet: until now all its energy was made from power
    select
        t.datetime_key,
        c.device_key,
        true
    from (
        select device_key
        from beside
        group by device_key
        having count(previous_key) + count(next_key) = 0
    ) as c
    cross join lateral (
        select t.datetime_key
        from {{this}} as t
        where t.device_key = c.device_key
        offset 0
    ) as t
),

{{/incremental}}
series as (
{{#incremental}}
    -- a row that has just been read replaces the existing one
    select distinct on (device_key, datetime_key) *
    from (
        select
            *,
            true as is_due,
            1 as place
        from readings
        union all
        select
            t.datetime_key,
            t.device_key,
            t.date_key,
            t.power_w,
            t.counter_total,
            t.is_valid,
            s.is_due,
            case when s.is_due then 2 else 3 end as place
        from standing as s
        cross join lateral (
            select t.*
            from {{this}} as t
            where t.datetime_key = s.datetime_key
                and t.device_key = s.device_key
            offset 0
        ) as t
    ) as u
    order by
        device_key,
        datetime_key,
        place
{{else}}
    select
        *,
        true as is_due
    from readings
{{/incremental}}
),

previous as (
    select
        *,
        -- minutes without a counter reading are partitions of their own, so that lag passes over them
        lag(counter_total) over (
            partition by device_key, counter_total is null
            order by datetime_key
        ) as previous_total
    from series
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
    from previous
    where is_due
),

energies as (
    select
        r.datetime_key,
        r.device_key,
        r.date_key,
        d.apartment_key,
        d.room_key,
        r.power_w,
        r.counter_total,
        r.is_valid,
        -- less than 1e-200 is nothing, and what is divided further on would leave the range of double precision
        case
            when d.has_counter then case when r.rise_wh >= 1e-200 then r.rise_wh else 0 end
            when abs(r.power_w) < 1e-200 then 0
            else r.power_w / 60
        end as energy_wh
    from rises as r
    left join devices as d on d.device_key = r.device_key
),

final as (
    select
        e.datetime_key,
        e.device_key,
        e.date_key,
        e.apartment_key,
        e.room_key,
        t.tariff_key,
        e.power_w,
        e.counter_total,
        e.energy_wh,
        e.energy_wh / 1000 as energy_kwh,
        e.energy_wh / 1000 * t.chf_per_kwh::double precision as cost_chf,
        e.is_valid
    from energies as e
    left join tariffs as t on t.year = e.date_key / 10000
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
