{{config materialized="view"}}

with quarters as (
    select * from {{ref "room_quarter"}}
    where {{> quarters_read}}
),

holidays as (
    select * from {{ref "holidays"}}
),

-- Stretches of quarters of an apartment without a gap of more than sensor_gap_days.
stretches as (
    select
        apartment,
        min(quarter) as first_quarter,
        max(quarter) as last_quarter
    from (
        select
            apartment,
            quarter,
            count(*) filter (where is_first) over (partition by apartment order by quarter) as stretch
        from (
            select
                apartment,
                quarter,
                quarter - lag(quarter) over (partition by apartment order by quarter)
                    > {{var "sensor_gap_days"}} * interval '24 hours' as is_first
            from quarters
            group by
                apartment,
                quarter
        ) as q
    ) as n
    group by
        apartment,
        stretch
),

rooms as (
    select
        apartment,
        room,
        min(quarter) as first_quarter
    from quarters
    group by
        apartment,
        room
),

-- Every quarter of a room, to four days after the newest one of a stretch of its apartment, with what was read in it if anything was: three
-- days are predicted from an origin that may be a day later than the newest one.
-- Grouped, not joined: no estimate of the planner makes that slow.
series as (
    select
        target,
        apartment,
        room,
        max(occupied) as occupied,
        max(power_w) as power_w
    from (
        select
            quarter as target,
            apartment,
            room,
            case when motion_seen >= 8 then (motion_minutes > 0)::integer end as occupied,
            case when power_seen >= 8 then power_w::numeric end as power_w
        from quarters
        union all
        select
            g.target,
            r.apartment,
            r.room,
            null,
            null
        from rooms as r
        join stretches as t on t.apartment = r.apartment
        cross join lateral generate_series(
            greatest(r.first_quarter, t.first_quarter),
            -- half an hour more: what is about the last of them
            t.last_quarter + interval '4 days 30 minutes',
            interval '15 minutes'
        ) as g (target)
    ) as u
    group by
        target,
        apartment,
        room
),

clocks as (
    select
        *,
        {{> local_time instant="target"}} as local_target
    from series
),

local_times as (
    select
        s.target,
        s.apartment,
        s.room,
        s.local_target::date as local_date,
        extract(hour from s.local_target)::integer as hour,
        (extract(hour from s.local_target) * 4 + floor(extract(minute from s.local_target) / 15))::integer as tod,
        extract(isodow from s.local_target)::integer as dow,
        case
            when h.date is not null or extract(isodow from s.local_target) = 7 then 2
            when extract(isodow from s.local_target) = 6 then 1
            else 0
        end as day_type,
        h.date is not null as holiday,
        s.occupied,
        s.power_w
    from clocks as s
    left join holidays as h on h.date = s.local_target::date
),

-- Where nobody moved all day in an apartment nobody was at home: what it was like then says little of days on which somebody is. Its last hour does
-- not count: 72 hours over a night of 23 lead from it to the fourth day after, whose profiles read the day.
at_home as (
    select
        *,
        case when max(occupied) filter (where hour < 23) over whole_day = 0 then null else occupied end as home_occupied,
        case when max(occupied) filter (where hour < 23) over whole_day = 0 then null else power_w end as home_power_w
    from local_times
    window whole_day as (
        partition by apartment, local_date
    )
),

-- The same clock time of other days. What a day has twice (the night in which the clocks go back) is one mean, what it lacks is missing.
-- Profiles leave out the last three days, so that they are known at the beginning of any forecast of three days.
of_times as (
    select
        *,
        avg(occupied) over (clock range between interval '1 days' preceding and interval '1 days' preceding) as d1_occupied,
        avg(power_w) over (clock range between interval '1 days' preceding and interval '1 days' preceding) as d1_power_w,
        max(target) over (clock range between interval '1 days' preceding and interval '1 days' preceding) as d1_target,
        avg(occupied) over (clock range between interval '2 days' preceding and interval '2 days' preceding) as d2_occupied,
        avg(power_w) over (clock range between interval '2 days' preceding and interval '2 days' preceding) as d2_power_w,
        max(target) over (clock range between interval '2 days' preceding and interval '2 days' preceding) as d2_target,
        avg(occupied) over (clock range between interval '3 days' preceding and interval '3 days' preceding) as d3_occupied,
        avg(power_w) over (clock range between interval '3 days' preceding and interval '3 days' preceding) as d3_power_w,
        max(target) over (clock range between interval '3 days' preceding and interval '3 days' preceding) as d3_target,
        avg(occupied) over (clock range between interval '7 days' preceding and interval '7 days' preceding) as w1_occupied,
        avg(power_w) over (clock range between interval '7 days' preceding and interval '7 days' preceding) as w1_power_w,
        {{> mean_at_home value="occupied" over="clock" from="14" to="4"}} as pd_occupied,
        {{> mean_at_home value="power_w" over="clock" from="14" to="4"}} as pd_power_w
    from at_home
    window clock as (
        partition by apartment, room, tod
        order by local_date
    )
),

of_weekdays as (
    select
        *,
        {{> mean_at_home value="occupied" over="week" from="35" to="7"}} as weekday_occupied,
        {{> mean_at_home value="power_w" over="week" from="35" to="7"}} as weekday_power_w
    from of_times
    window week as (
        partition by apartment, room, tod, dow
        order by local_date
    )
),

of_day_types as (
    select
        *,
        {{> mean_at_home value="occupied" over="alike" from="28" to="4"}} as alike_occupied,
        {{> mean_at_home value="power_w" over="alike" from="28" to="4"}} as alike_power_w
    from of_weekdays
    window alike as (
        partition by apartment, room, tod, day_type
        order by local_date
    )
),

of_hours as (
    select
        *,
        avg(occupied) over (hours range between interval '35 days' preceding and interval '7 days' preceding) as ph_occupied,
        avg(power_w) over (hours range between interval '35 days' preceding and interval '7 days' preceding) as ph_power_w
    from of_day_types
    window hours as (
        partition by apartment, room, hour, dow
        order by local_date
    )
),

-- Nobody keeps a habit to the minute: half an hour before and after, within the day, is the same time.
about_then as (
    select
        *,
        avg(weekday_occupied) over about as pw_occupied,
        avg(weekday_power_w) over about as pw_power_w,
        avg(alike_occupied) over about as pt_occupied,
        avg(alike_power_w) over about as pt_power_w
    from of_hours
    window about as (
        partition by apartment, room, local_date
        order by target
        range between interval '30 minutes' preceding and interval '30 minutes' following
    )
),

-- Where nothing sees motion, it is the rooms where something does that tell whether anybody is at home.
of_homes as (
    select
        *,
        sum(pt_occupied) over (partition by apartment, target) as pt_home
    from about_then
),

final as (
    select
        target,
        apartment,
        room,
        local_date,
        hour,
        tod,
        dow,
        day_type,
        holiday,
        occupied,
        power_w::double precision as mean_power_w,
        (extract(epoch from target - d1_target) / 900)::integer as d1_quarters,
        (extract(epoch from target - d2_target) / 900)::integer as d2_quarters,
        (extract(epoch from target - d3_target) / 900)::integer as d3_quarters,
        round(d1_occupied, 6)::double precision as d1_occupied,
        round(d2_occupied, 6)::double precision as d2_occupied,
        round(d3_occupied, 6)::double precision as d3_occupied,
        round(w1_occupied, 6)::double precision as w1_occupied,
        round(pw_occupied, 6)::double precision as pw_occupied,
        round(pt_occupied, 6)::double precision as pt_occupied,
        round(pt_home, 6)::double precision as pt_home,
        round(ph_occupied, 6)::double precision as ph_occupied,
        round(pd_occupied, 6)::double precision as pd_occupied,
        round(d1_power_w, 6)::double precision as d1_power_w,
        round(d2_power_w, 6)::double precision as d2_power_w,
        round(d3_power_w, 6)::double precision as d3_power_w,
        round(w1_power_w, 6)::double precision as w1_power_w,
        round(pw_power_w, 6)::double precision as pw_power_w,
        round(pt_power_w, 6)::double precision as pt_power_w,
        round(ph_power_w, 6)::double precision as ph_power_w,
        round(pd_power_w, 6)::double precision as pd_power_w
    from of_homes
)

select
    target,
    apartment,
    room,
    local_date,
    hour,
    tod,
    dow,
    day_type,
    holiday,
    occupied,
    mean_power_w,
    d1_quarters,
    d2_quarters,
    d3_quarters,
    d1_occupied,
    d2_occupied,
    d3_occupied,
    w1_occupied,
    pw_occupied,
    pt_occupied,
    pt_home,
    ph_occupied,
    pd_occupied,
    d1_power_w,
    d2_power_w,
    d3_power_w,
    w1_power_w,
    pw_power_w,
    pt_power_w,
    ph_power_w,
    pd_power_w
from final
