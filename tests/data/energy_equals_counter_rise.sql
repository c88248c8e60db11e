-- Of a device whose counter never fell, the energy of all minutes after the first that is kept is what its counter rose by.
-- Once it has passed: from the counter reading before the new ones of a day to the one after them.
{{#incremental}}
with touched as (
    select
        d.device_key,
        {{> date_key date="(e.timestamp at time zone 'UTC')"}} as date_key,
        to_char(e.timestamp at time zone 'UTC', 'YYYYMMDDHH24MI')::bigint as datetime_key,
        e.value
    from {{ref "sensor_events"}} as e
    join {{ref "dim_device"}} as d on d.device_id = e.apartment || '_' || e.room || '_' || e.sensor_type
    where e.load_id > {{high_water "sensor_events"}}
        and e.field = 'total'
        and e.sensor_type in ('plug', 'consumption')
        and {{> date_key date="(e.timestamp at time zone 'UTC')"}} >= {{> kept_since models="'sensor_events', 'fact_energy_minute'"}}
),

stretches as (
    select
        t.device_key,
        t.date_key,
        coalesce(p.datetime_key, t.first_key) as first_key,
        coalesce(n.datetime_key, t.last_key) as last_key
    from (
        select
            device_key,
            date_key,
            min(datetime_key) as first_key,
            max(datetime_key) as last_key
        from touched
        group by
            device_key,
            date_key
    ) as t
    left join lateral (
        select f.datetime_key
        from {{ref "fact_energy_minute"}} as f
        where f.device_key = t.device_key
            and f.datetime_key < t.first_key
            and f.counter_total is not null
        order by f.datetime_key desc
        limit 1
    ) as p on true
    left join lateral (
        select f.datetime_key
        from {{ref "fact_energy_minute"}} as f
        where f.device_key = t.device_key
            and f.datetime_key > t.last_key
            and f.counter_total is not null
        order by f.datetime_key
        limit 1
    ) as n on true
),

minutes as (
    select
        s.device_key,
        s.date_key,
        f.datetime_key,
        f.energy_wh,
        s.first_key,
        coalesce(t.value, f.counter_total) as value,
        -- minutes without a counter reading are partitions of their own, so that lag passes over them
        lag(coalesce(t.value, f.counter_total)) over (
            partition by s.device_key, s.date_key, coalesce(t.value, f.counter_total) is null
            order by f.datetime_key
        ) as previous_value
    from stretches as s
    join {{ref "fact_energy_minute"}} as f
        on f.device_key = s.device_key
        and f.datetime_key between s.first_key and s.last_key
    left join touched as t
        on t.device_key = f.device_key
        and t.datetime_key = f.datetime_key
),

compared as (
    select
        device_key,
        date_key,
        max(value) - min(value) as rise_wh,
        coalesce(sum(energy_wh) filter (where datetime_key > first_key), 0) as energy_wh
    from minutes
    group by
        device_key,
        date_key
    having not coalesce(bool_or(value < previous_value), false)
        and min(value) >= 0
)

select
    d.device_id,
    c.rise_wh,
    c.energy_wh
from compared as c
join {{ref "dim_device"}} as d on d.device_key = c.device_key
where (abs(c.energy_wh - c.rise_wh) <= 1e-6 * greatest(c.rise_wh, 1)) is not true
{{else}}
with counters as (
    select
        apartment,
        room,
        sensor_type,
        timestamp,
        value,
        lag(value) over (partition by apartment, room, sensor_type order by timestamp) as previous_value
    from {{ref "sensor_events"}}
    where field = 'total'
        and sensor_type in ('plug', 'consumption')
        and {{> date_key date="(timestamp at time zone 'UTC')"}} >= {{> kept_since models="'sensor_events', 'fact_energy_minute'"}}
),

rises as (
    select
        apartment || '_' || room || '_' || sensor_type as device_id,
        min(timestamp) as first_at,
        max(value) - min(value) as rise_wh
    from counters
    group by
        apartment,
        room,
        sensor_type
    having not coalesce(bool_or(value < previous_value), false)
        and min(value) >= 0
),

energies as (
    select
        r.device_id,
        sum(e.energy_wh) as energy_wh
    from rises as r
    join {{ref "dim_device"}} as d on d.device_id = r.device_id
    join {{ref "fact_energy_minute"}} as e on e.device_key = d.device_key
    where e.datetime_key > to_char(r.first_at at time zone 'UTC', 'YYYYMMDDHH24MI')::bigint
    group by r.device_id
)

select
    r.device_id,
    r.rise_wh,
    e.energy_wh
from rises as r
left join energies as e on e.device_id = r.device_id
where (abs(coalesce(e.energy_wh, 0) - r.rise_wh) <= 1e-6 * greatest(r.rise_wh, 1)) is not true
{{/incremental}}
