{{! The hours that new readings change, by apartment: the body of a CTE, with apartment_key, apartment, hour_start and hour_key. Reads the
    CTEs new_readings (apartment, room, sensor_type, hour_start, has_counter), apartments, rooms and devices. }}
with counted as (
    select
        n.apartment,
        d.device_key,
        n.hour_start,
        {{> minute_key instant="n.hour_start"}} as hour_key
    from new_readings as n
    inner join apartments as a on a.apartment_id = n.apartment
    inner join rooms as r on r.apartment_key = a.apartment_key and r.room_name = n.room
    inner join devices as d on d.room_key = r.room_key and d.sensor_type = n.sensor_type
    where n.has_counter
),

-- Energy is the rise since the counter reading before, so that a late one also changes the hour of the reading after it.
counted_next as (
    select
        c.apartment,
        f.datetime_key
    from counted as c
    cross join lateral (
        select e.datetime_key
        from {{ref "fact_energy_minute"}} as e
        where e.device_key = c.device_key
            and e.datetime_key > c.hour_key + 59
            and e.counter_total is not null
        order by e.datetime_key
        limit 1
    ) as f
),

-- Until a device has counted, all its energy is made of its power: its first counter reading changes all its hours.
counted_first as (
    select
        c.apartment,
        f.datetime_key
    from (
        select distinct
            apartment,
            device_key
        from counted
    ) as c
    left join lateral (
        select true as is_known
        from {{ref "fact_energy_minute"}} as e
        where e.device_key = c.device_key
            and e.counter_total is not null
            and e.datetime_key / 100 * 100 not in (select o.hour_key from counted as o where o.device_key = c.device_key)
        -- the first that the index by device has; without an order the planner may read the table from its beginning
        order by e.datetime_key
        limit 1
    ) as k on true
    cross join lateral (
        select e.datetime_key
        from {{ref "fact_energy_minute"}} as e
        where e.device_key = c.device_key
        offset 0
    ) as f
    where k.is_known is null
),

changed as (
    select
        apartment,
        hour_start
    from new_readings
    union
    -- An opening is one against the reading before, which may be of the hour before.
    select
        apartment,
        hour_start + interval '1 hour'
    from new_readings
    union
    select
        c.apartment,
        {{> minute_start key="c.datetime_key / 100 * 100"}}
    from (
        select
            apartment,
            datetime_key
        from counted_next
        union
        select
            apartment,
            datetime_key
        from counted_first
    ) as c
    {{#if (eq (var "presence_rule" "motion_or_door") "motion_or_door_change")}}
    union
    select
        n.apartment,
        date_trunc('hour', n.timestamp, 'UTC')
    from (
        {{> next_door_readings}}
    ) as n
    {{/if}}
)

select
    a.apartment_key,
    c.apartment,
    c.hour_start,
    {{> minute_key instant="c.hour_start"}} as hour_key
from changed as c
inner join apartments as a on a.apartment_id = c.apartment
