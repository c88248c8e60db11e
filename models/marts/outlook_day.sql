{{config materialized="table" unique_key="date_key, room_key"}}

with apartments as (
    select * from {{ref "dim_apartment"}}
),

rooms as (
    select * from {{ref "dim_room"}}
),

sites as (
    select * from {{ref "dim_weather_site"}}
),

targets as (
    select * from {{ref "dim_target"}}
    where target_name in ('energy_kwh_day', 'occupied_hours_day')
),

meters as (
    select distinct room_key
    from {{ref "dim_device"}}
    where sensor_type = 'consumption'
),

newest as (
    {{> newest_minutes}}
),

-- The day that is going on, seven days before it and two after.
days as (
    select
        n.apartment_key,
        c.date_key,
        c.date - t.today as days_ahead,
        {{> day_start key="c.date_key"}} as day_start,
        {{> day_end key="c.date_key"}} as day_end
    from newest as n
    cross join lateral (
        select ({{> local_time instant="n.newest_minute"}})::date as today
    ) as t
    join {{ref "dim_date"}} as c on c.date between t.today - 7 and t.today + 2
),

window_days as (
    select
        d.apartment_key,
        r.room_key,
        r.room_name,
        a.apartment_id,
        a.weather_site_key,
        d.date_key,
        d.days_ahead,
        d.day_start,
        d.day_end
    from days as d
    join apartments as a on a.apartment_key = d.apartment_key
    join rooms as r on r.apartment_key = d.apartment_key
),

-- Of several forecasts of a day the one with the shortest lead, of the model in use.
predicted as (
    select distinct on (w.date_key, w.room_key, t.target_name)
        w.date_key,
        w.room_key,
        t.target_name,
        p.predicted_value,
        p.lower_value,
        p.upper_value
    from window_days as w
    cross join targets as t
    cross join lateral (
        select s.*
        from {{ref "fact_prediction"}} as s
        where s.room_key = w.room_key
            and s.target_key = t.target_key
            and s.datetime_key >= {{> minute_key instant="w.day_start"}}
            and s.datetime_key < {{> minute_key instant="w.day_end"}}
            and coalesce(s.role, 'champion') = 'champion'
        offset 0
    ) as p
    order by
        w.date_key,
        w.room_key,
        t.target_name,
        p.horizon_minutes,
        p.run_at desc nulls last,
        p.model_key desc
),

-- Hours with motion by quarters, as they are predicted.
occupied as (
    select
        w.date_key,
        w.room_key,
        round(q.quarters * 0.25, 2)::double precision as presence_hours
    from window_days as w
    cross join lateral (
        select
            count(*) as seen,
            count(*) filter (where s.motion_minutes > 0) as quarters
        from {{ref "room_quarter"}} as s
        where s.quarter >= w.day_start
            and s.quarter < w.day_end
            and s.apartment = w.apartment_id
            and s.room = w.room_name
            and s.motion_seen >= 8
        offset 0
    ) as q
    where w.days_ahead < 0
        and q.seen > 0
),

weather as (
    select
        d.apartment_key,
        d.date_key,
        f.outside_c
    from days as d
    join apartments as a on a.apartment_key = d.apartment_key
    join sites as s on s.site_key = a.weather_site_key
    cross join lateral (
        select {{> order_free_mean value="c.temperature_c" condition="true"}} as outside_c
        from {{ref "weather_clean"}} as c
        where c.timestamp >= d.day_start
            and c.timestamp < d.day_end
            and c.site = s.site_name
        offset 0
    ) as f
),

final as (
    select
        w.date_key,
        w.room_key,
        w.apartment_key,
        w.days_ahead,
        case when w.days_ahead < 0 then coalesce(m.energy_kwh_meter, m.energy_kwh_plugs) end as energy_kwh,
        e.predicted_value as energy_kwh_predicted,
        e.lower_value as energy_kwh_lower,
        e.upper_value as energy_kwh_upper,
        o.presence_hours,
        h.predicted_value as presence_hours_predicted,
        h.lower_value as presence_hours_lower,
        h.upper_value as presence_hours_upper,
        f.outside_c,
        w.days_ahead >= 0 as is_ahead,
        k.room_key is not null as is_meter
    from window_days as w
    left join {{ref "room_day"}} as m on m.date_key = w.date_key and m.room_key = w.room_key
    left join predicted as e on e.date_key = w.date_key and e.room_key = w.room_key and e.target_name = 'energy_kwh_day'
    left join predicted as h on h.date_key = w.date_key and h.room_key = w.room_key and h.target_name = 'occupied_hours_day'
    left join occupied as o on o.date_key = w.date_key and o.room_key = w.room_key
    left join weather as f on f.date_key = w.date_key and f.apartment_key = w.apartment_key
    left join meters as k on k.room_key = w.room_key
)

select
    date_key,
    room_key,
    apartment_key,
    days_ahead,
    energy_kwh,
    energy_kwh_predicted,
    energy_kwh_lower,
    energy_kwh_upper,
    presence_hours,
    presence_hours_predicted,
    presence_hours_lower,
    presence_hours_upper,
    outside_c,
    is_ahead,
    is_meter
from final
where num_nonnulls(energy_kwh, energy_kwh_predicted, presence_hours, presence_hours_predicted) > 0
