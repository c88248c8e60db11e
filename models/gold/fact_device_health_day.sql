{{config materialized="incremental" unique_key="date_key, device_key"}}

with sensor_devices as (
    select * from {{ref "sensor_devices"}}
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

-- The registry's log names a building, not a sensor, so an error counts for every device of the apartment. The log is
-- short: all of it is counted each time, which also finds the day an error has been moved from.
errors as (
    select
        apartment,
        (timestamp at time zone 'UTC')::date as date,
        count(*)::integer as error_count
    from {{ref "di_errors_clean"}}
    where timestamp is not null
    group by
        apartment,
        (timestamp at time zone 'UTC')::date
),

devices as (
    select
        d.device_key,
        a.apartment_key,
        r.room_key,
        s.apartment,
        s.room,
        s.sensor_type,
        (s.first_seen at time zone 'UTC')::date as first_day,
        max(s.last_seen) over (partition by s.apartment) at time zone 'UTC' as newest_minute
    from sensor_devices as s
    left join apartments as a on a.apartment_id = s.apartment
    left join rooms as r on r.apartment_key = a.apartment_key and r.room_name = s.room
    left join dim_devices as d on d.room_key = r.room_key and d.sensor_type = s.sensor_type
),

expected as (
    select
        d.*,
        g.day::date as date,
        case
            when g.day < date_trunc('day', d.newest_minute)
                or g.day < date_trunc('day', {{run_started_at}} at time zone 'UTC')
                then 1440
            else (extract(hour from d.newest_minute) * 60 + extract(minute from d.newest_minute) + 1)::integer
        end as expected_minutes
    from devices as d
    cross join lateral generate_series(d.first_day::timestamp, d.newest_minute, interval '1 day') as g (day)
),

{{#incremental}}
touched as (
    select distinct
        apartment,
        (timestamp at time zone 'UTC')::date as date
    from {{ref "sensor_events"}}
    where load_id > {{high_water "sensor_events"}}
),

events as (
    select e.*
    from (select distinct date from touched) as t
    -- by the index on timestamp, whatever the planner believes about the number of days
    cross join lateral (
        select s.*
        from {{ref "sensor_events"}} as s
        where s.timestamp >= t.date::timestamp at time zone 'UTC'
            and s.timestamp < (t.date + 1)::timestamp at time zone 'UTC'
        offset 0
    ) as e
),
{{else}}
events as (
    select * from {{ref "sensor_events"}}
),
{{/incremental}}

minutes as (
    select
        apartment,
        room,
        sensor_type,
        timestamp,
        min(value) filter (where field = 'battery') as battery_pct
    from events
    group by
        apartment,
        room,
        sensor_type,
        timestamp
),

seen as (
    select
        apartment,
        room,
        sensor_type,
        (timestamp at time zone 'UTC')::date as date,
        count(*)::integer as seen_minutes,
        min(battery_pct) as battery_min_pct,
        -- numeric, so that the mean depends neither on the order of the rows nor on the size of a value
        round(avg(battery_pct::numeric), 6)::double precision as battery_avg_pct
    from minutes
    group by
        apartment,
        room,
        sensor_type,
        (timestamp at time zone 'UTC')::date
),

days as (
    select
        e.device_key,
        e.apartment_key,
        e.room_key,
        {{> date_key date="e.date"}} as date_key,
        e.expected_minutes,
        coalesce(x.error_count, 0) as error_count,
        {{#incremental}}
        case when t.date is null then coalesce(h.seen_minutes, 0) else coalesce(s.seen_minutes, 0) end as seen_minutes,
        case when t.date is null then h.battery_min_pct else s.battery_min_pct end as battery_min_pct,
        case when t.date is null then h.battery_avg_pct else s.battery_avg_pct end as battery_avg_pct
        {{else}}
        coalesce(s.seen_minutes, 0) as seen_minutes,
        s.battery_min_pct,
        s.battery_avg_pct
        {{/incremental}}
    from expected as e
    left join seen as s
        on s.apartment = e.apartment
        and s.room = e.room
        and s.sensor_type = e.sensor_type
        and s.date = e.date
    left join errors as x
        on x.apartment = e.apartment
        and x.date = e.date
    {{#incremental}}
    left join touched as t
        on t.apartment = e.apartment
        and t.date = e.date
    left join {{this}} as h
        on h.date_key = {{> date_key date="e.date"}}
        and h.device_key = e.device_key
    -- a day without new readings or errors stays as it is, unless it is new or has ended in the meantime
    where t.date is not null
        or h.expected_minutes is distinct from e.expected_minutes
        or h.error_count is distinct from coalesce(x.error_count, 0)
    {{/incremental}}
),

final as (
    select
        date_key,
        device_key,
        apartment_key,
        room_key,
        error_count,
        expected_minutes,
        seen_minutes,
        expected_minutes - seen_minutes as missing_readings,
        100.0::double precision * seen_minutes / expected_minutes as uptime_pct,
        battery_min_pct,
        battery_avg_pct
    from days
)

select
    date_key,
    device_key,
    apartment_key,
    room_key,
    error_count,
    expected_minutes,
    seen_minutes,
    missing_readings,
    uptime_pct,
    battery_min_pct,
    battery_avg_pct
from final
