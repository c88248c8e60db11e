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

-- The registry's log names a building, not a sensor, so an error counts for every device of the apartment.
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

-- What retention has taken cannot be counted any more: the days before stay as they are, or gone.
kept as (
    select max(x.before at time zone 'UTC')::date as first_day
    from {{source "datacycle" "expired"}} as x
    where x.model in ('sensor_events', 'fact_device_health_day')
),

devices as (
    select
        d.device_key,
        a.apartment_key,
        r.room_key,
        s.apartment,
        s.room,
        s.sensor_type,
        greatest((s.first_seen at time zone 'UTC')::date, k.first_day) as first_day,
        max(s.last_seen) over (partition by s.apartment) at time zone 'UTC' as newest_minute
    from sensor_devices as s
    cross join kept as k
    left join apartments as a on a.apartment_id = s.apartment
    left join rooms as r on r.apartment_key = a.apartment_key and r.room_name = s.room
    left join dim_devices as d on d.room_key = r.room_key and d.sensor_type = s.sensor_type
),

{{#incremental}}
touched as (
    select distinct
        apartment,
        (timestamp at time zone 'UTC')::date as date
    from {{ref "sensor_events"}}
    where load_id > {{high_water "sensor_events"}}
),

-- The days each device has here: all from the first to the last. NULL for a new device.
held as (
    select
        d.*,
        make_date(h.first_key / 10000, h.first_key / 100 % 100, h.first_key % 100) as first_held,
        make_date(h.last_key / 10000, h.last_key / 100 % 100, h.last_key % 100) as last_held
    from devices as d
    cross join lateral (
        select
            (select min(s.date_key) from {{this}} as s where s.device_key = d.device_key) as first_key,
            (select max(s.date_key) from {{this}} as s where s.device_key = d.device_key) as last_key
    ) as h
),

-- Where the log has something new, all of it is counted against what is here: that also finds the day an error has been
-- moved from.
recounted as (
    select
        coalesce(x.apartment, h.apartment) as apartment,
        coalesce(x.date, h.date) as date
    from errors as x
    full join (
        select
            a.apartment_id as apartment,
            make_date(s.date_key / 10000, s.date_key / 100 % 100, s.date_key % 100) as date,
            max(s.error_count) as error_count
        from {{this}} as s
        join apartments as a on a.apartment_key = s.apartment_key
        where s.error_count > 0
        group by
            a.apartment_id,
            s.date_key
    ) as h
        on h.apartment = x.apartment
        and h.date = x.date
    where x.error_count is distinct from h.error_count
        and exists (
            select
            from {{ref "di_errors_clean"}}
            where load_id > {{high_water "di_errors_clean"}}
        )
),

changed as (
    select * from touched
    union
    select * from recounted
),

-- Only days that can have changed: years of days must not cost every later run a look at each.
due as (
    select
        d.*,
        c.date
    from held as d
    cross join lateral (
        -- begun earlier than known so far
        select e.date
        from (
            {{> days_without_long_gaps apartment="d.apartment" first="d.first_day" last="(d.first_held - 1)"}}
        ) as e
        union
        -- the newest so far, which may not have been over, and those begun since
        select b.date
        from (
            {{> days_without_long_gaps apartment="d.apartment" first="greatest(d.last_held, d.first_day)" last="d.newest_minute::date"}}
        ) as b
        union
        -- and those of a gap that is no longer too long
        select g.date
        from changed as n
        cross join lateral (
            select
                coalesce(max(s.date) filter (where s.date < n.date) + 1, n.date) as first_day,
                coalesce(min(s.date) filter (where s.date > n.date) - 1, n.date) as last_day
            from (
                (select date from {{ref "apartment_days"}} where apartment = n.apartment and date < n.date order by date desc limit 1)
                union all
                (select date from {{ref "apartment_days"}} where apartment = n.apartment and date > n.date order by date limit 1)
            ) as s
        ) as w
        cross join lateral (
            {{> days_without_long_gaps apartment="d.apartment" first="greatest(w.first_day, d.first_day)" last="w.last_day"}}
        ) as g
        where n.apartment = d.apartment
            and n.date <= d.newest_minute::date
            and (
                g.date = n.date
                or not exists (
                    select
                    from {{this}} as h
                    where h.device_key = d.device_key
                        and h.date_key = {{> date_key date="g.date"}}
                )
            )
    ) as c (date)
),
{{else}}
due as (
    select
        d.*,
        g.date
    from devices as d
    cross join lateral (
        {{> days_without_long_gaps apartment="d.apartment" first="d.first_day" last="d.newest_minute::date"}}
    ) as g
),
{{/incremental}}

expected as (
    select
        d.*,
        case
            when d.date < d.newest_minute::date
                or d.date < ({{run_started_at}} at time zone 'UTC')::date
                then 1440
            else (extract(hour from d.newest_minute) * 60 + extract(minute from d.newest_minute) + 1)::integer
        end as expected_minutes
    from due as d
),

-- Day by day, by the index on timestamp: each day is grouped in little memory, however many there are.
seen as (
    select
        s.apartment,
        s.room,
        s.sensor_type,
        r.date,
        s.seen_minutes,
        s.battery_min_pct,
        s.battery_avg_pct
    from (select distinct date from {{#incremental}}touched{{else}}due{{/incremental}}) as r
    cross join lateral (
        select
            m.apartment,
            m.room,
            m.sensor_type,
            count(*)::integer as seen_minutes,
            min(m.battery_pct) as battery_min_pct,
            {{> order_free_mean value="m.battery_pct" condition="true"}} as battery_avg_pct
        from (
            select
                e.apartment,
                e.room,
                e.sensor_type,
                min(e.value) filter (where e.field = 'battery') as battery_pct
            from {{ref "sensor_events"}} as e
            where e.timestamp >= r.date::timestamp at time zone 'UTC'
                and e.timestamp < (r.date + 1)::timestamp at time zone 'UTC'
            group by
                e.apartment,
                e.room,
                e.sensor_type,
                e.timestamp
        ) as m
        group by
            m.apartment,
            m.room,
            m.sensor_type
    ) as s
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
    -- one look-up in the key each, whatever the planner believes about the number of days
    left join lateral (
        select s.*
        from {{this}} as s
        where s.date_key = {{> date_key date="e.date"}}
            and s.device_key = e.device_key
        offset 0
    ) as h on true
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
