{{config materialized="view"}}

with hours as (
    select * from {{ref "room_hour"}}
),

dates as (
    select * from {{ref "dim_date"}}
),

apartments as (
    select * from {{ref "dim_apartment"}}
),

rooms as (
    select * from {{ref "dim_room"}}
),

names as (
    select * from {{ref "calendar_names"}}
),

room_names as (
    select * from {{ref "household_names"}}
    where kind = 'room'
),

targets as (
    select target_key
    from {{ref "dim_target"}}
    where lower(target_name) in ('occupied', 'presence')
),

-- Where several horizons have predicted a window, what was predicted last; nothing of models that only compete with the one in use.
windows as (
    select distinct on (p.room_key, p.datetime_key)
        p.room_key,
        p.datetime_key / 100 * 100 as hour_key,
        p.predicted_value
    from {{ref "fact_prediction"}} as p
    inner join targets as t on t.target_key = p.target_key
    where p.predicted_value is not null
        and coalesce(p.role, 'champion') = 'champion'
    order by
        p.room_key,
        p.datetime_key,
        p.run_at desc nulls last,
        p.horizon_key,
        p.model_key,
        p.target_key
),

probabilities as (
    select
        room_key,
        hour_key,
        avg(predicted_value) as predicted_probability
    from windows
    group by
        room_key,
        hour_key
),

final as (
    select
        h.hour_key,
        h.room_key,
        h.apartment_key,
        d.date,
        h.hour,
        a.name as apartment,
        r.room_name as room,
        w.en as weekday_en,
        w.fr as weekday_fr,
        w.es as weekday_es,
        w.ro as weekday_ro,
        w.pt as weekday_pt,
        m.en as month_en,
        m.fr as month_fr,
        m.es as month_es,
        m.ro as month_ro,
        m.pt as month_pt,
        coalesce(n.en, r.room_name) as room_en,
        coalesce(n.fr, r.room_name) as room_fr,
        coalesce(n.es, r.room_name) as room_es,
        coalesce(n.ro, r.room_name) as room_ro,
        coalesce(n.pt, r.room_name) as room_pt,
        d.day_of_week,
        d.month,
        h.presence_minutes,
        (h.presence_minutes / 60.0)::numeric(5, 4) as presence_share,
        h.motion_minutes as motion_count,
        h.door_open_minutes,
        p.predicted_probability::numeric(7, 6) as predicted_probability
    from hours as h
    inner join dates as d on d.date_key = h.date_key
    inner join apartments as a on a.apartment_key = h.apartment_key
    inner join rooms as r on r.room_key = h.room_key
    inner join names as w on w.kind = 'day' and w.number = d.day_of_week
    inner join names as m on m.kind = 'month' and m.number = d.month
    left join room_names as n on n.name = r.room_name
    left join probabilities as p on p.room_key = h.room_key and p.hour_key = h.hour_key
    where h.presence_minutes is not null
)

select
    hour_key,
    room_key,
    apartment_key,
    date,
    hour,
    apartment,
    room,
    weekday_en,
    weekday_fr,
    weekday_es,
    weekday_ro,
    weekday_pt,
    month_en,
    month_fr,
    month_es,
    month_ro,
    month_pt,
    room_en,
    room_fr,
    room_es,
    room_ro,
    room_pt,
    day_of_week,
    month,
    presence_minutes,
    presence_share,
    motion_count,
    door_open_minutes,
    predicted_probability
from final
