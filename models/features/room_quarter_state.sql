{{config materialized="view"}}

with quarters as (
    select * from {{ref "room_quarter"}}
    where {{> quarters_read}}
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

reported as (
    select
        *,
        lead(quarter) over (partition by apartment order by quarter) as next_quarter,
        -- What has not ended is no origin yet, whichever apartment has reported it.
        coalesce(
            nullif(current_setting('datacycle.features_until', true), '')::timestamptz - interval '1 microsecond',
            max(quarter) over ()
        ) as last_quarter
    from (
        select distinct
            apartment,
            quarter
        from quarters
    ) as q
),

-- A quarter without a reading of the room is one of its quarters, too, while its apartment reports and for a day after: farther back
-- there is nothing in a state but the power of a week.
origins as (
    select
        r.apartment,
        g.quarter,
        (extract(epoch from g.quarter - r.quarter) / 900)::integer as silent_quarters
    from reported as r
    cross join lateral generate_series(
        r.quarter,
        least(r.next_quarter - interval '15 minutes', r.quarter + interval '1425 minutes', r.last_quarter),
        interval '15 minutes'
    ) as g (quarter)
),

-- Grouped, not joined: no estimate of the planner makes that slow.
grid as (
    select
        quarter,
        apartment,
        room,
        max(silent_quarters) as silent_quarters,
        max(motion_minutes) as motion_minutes,
        max(door_open_minutes) as door_open_minutes,
        max(window_open_minutes) as window_open_minutes,
        max(power_w)::numeric as power_w,
        max(light_lux) as light_lux,
        max(co2_ppm) as co2_ppm,
        max(noise_db) as noise_db
    from (
        select
            quarter,
            apartment,
            room,
            null as silent_quarters,
            motion_minutes,
            door_open_minutes,
            window_open_minutes,
            power_w,
            light_lux,
            co2_ppm,
            noise_db
        from quarters
        union all
        select
            o.quarter,
            r.apartment,
            r.room,
            o.silent_quarters,
            null,
            null,
            null,
            null,
            null,
            null,
            null
        from rooms as r
        join origins as o on o.apartment = r.apartment and o.quarter >= r.first_quarter
    ) as u
    group by
        quarter,
        apartment,
        room
),

of_rooms as (
    select
        quarter,
        apartment,
        room,
        silent_quarters,
        motion_minutes as m0,
        max(motion_minutes) over (own range between interval '15 minutes' preceding and interval '15 minutes' preceding) as m1,
        max(motion_minutes) over (own range between interval '30 minutes' preceding and interval '30 minutes' preceding) as m2,
        max(motion_minutes) over (own range between interval '45 minutes' preceding and interval '45 minutes' preceding) as m3,
        sum(motion_minutes) over (own range between interval '45 minutes' preceding and current row) as m_1h,
        sum(motion_minutes) over (own range between interval '165 minutes' preceding and current row) as m_3h,
        sum(motion_minutes) over (own range between interval '1425 minutes' preceding and current row) as m_24h,
        max(quarter) filter (where motion_minutes > 0) over (own rows between unbounded preceding and current row) as last_motion,
        door_open_minutes as door0,
        window_open_minutes as win0,
        light_lux as light0,
        noise_db as noise0,
        co2_ppm as co2_0,
        co2_ppm - max(co2_ppm) over (own range between interval '1 hour' preceding and interval '1 hour' preceding) as co2_d,
        power_w as p0,
        max(power_w) over (own range between interval '15 minutes' preceding and interval '15 minutes' preceding) as p1,
        max(power_w) over (own range between interval '30 minutes' preceding and interval '30 minutes' preceding) as p2,
        max(power_w) over (own range between interval '45 minutes' preceding and interval '45 minutes' preceding) as p3,
        max(power_w) over (own range between interval '60 minutes' preceding and interval '60 minutes' preceding) as p4,
        max(power_w) over (own range between interval '75 minutes' preceding and interval '75 minutes' preceding) as p5,
        max(power_w) over (own range between interval '90 minutes' preceding and interval '90 minutes' preceding) as p6,
        max(power_w) over (own range between interval '105 minutes' preceding and interval '105 minutes' preceding) as p7,
        max(power_w) over (own range between interval '120 minutes' preceding and interval '120 minutes' preceding) as p8,
        avg(power_w) over (own range between interval '45 minutes' preceding and current row) as p_1h,
        avg(power_w) over (own range between interval '165 minutes' preceding and current row) as p_3h,
        avg(power_w) over (own range between interval '1425 minutes' preceding and current row) as p_24h,
        avg(power_w) over (own range between interval '10065 minutes' preceding and current row) as p_7d
    from grid
    window own as (
        partition by apartment, room
        order by quarter
    )
),

-- A frame by range holds the rows of all rooms of its quarters.
of_apartments as (
    select
        *,
        sum(m0) over (now) as a0,
        count(*) filter (where m0 > 0) over (now) as ar0,
        max(p0) filter (where room = 'House') over (now) as house_w,
        sum(m0) over (before range between interval '45 minutes' preceding and current row) as a_1h,
        sum(m0) over (before range between interval '165 minutes' preceding and current row) as a_3h,
        max(quarter) filter (where m0 > 0) over (before range between unbounded preceding and current row) as last_motion_anywhere
    from of_rooms
    window
        now as (
            partition by apartment, quarter
        ),
        before as (
            partition by apartment
            order by quarter
        )
),

final as (
    select
        r.quarter as origin,
        r.apartment,
        r.room,
        r.silent_quarters,
        r.m0,
        r.m1,
        r.m2,
        r.m3,
        r.m_1h::integer as m_1h,
        r.m_3h::integer as m_3h,
        r.m_24h::integer as m_24h,
        {{> quarters_since last="r.last_motion" now="r.quarter"}} as since,
        r.a0::integer as a0,
        case when r.a0 is not null then r.ar0::integer end as ar0,
        r.a_1h::integer as a_1h,
        r.a_3h::integer as a_3h,
        {{> quarters_since last="r.last_motion_anywhere" now="r.quarter"}} as a_since,
        r.door0,
        r.win0,
        r.light0,
        r.noise0,
        r.co2_0,
        r.co2_d,
        r.p0::double precision as p0,
        r.p1::double precision as p1,
        r.p2::double precision as p2,
        r.p3::double precision as p3,
        r.p4::double precision as p4,
        r.p5::double precision as p5,
        r.p6::double precision as p6,
        r.p7::double precision as p7,
        r.p8::double precision as p8,
        round(r.p_1h, 6)::double precision as p_1h,
        round(r.p_3h, 6)::double precision as p_3h,
        round(r.p_24h, 6)::double precision as p_24h,
        round(r.p_7d, 6)::double precision as p_7d,
        r.house_w::double precision as house_w
    from of_apartments as r
)

select
    origin,
    apartment,
    room,
    silent_quarters,
    m0,
    m1,
    m2,
    m3,
    m_1h,
    m_3h,
    m_24h,
    since,
    a0,
    ar0,
    a_1h,
    a_3h,
    a_since,
    door0,
    win0,
    light0,
    noise0,
    co2_0,
    co2_d,
    p0,
    p1,
    p2,
    p3,
    p4,
    p5,
    p6,
    p7,
    p8,
    p_1h,
    p_3h,
    p_24h,
    p_7d,
    house_w
from final
