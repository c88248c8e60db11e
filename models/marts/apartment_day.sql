{{config materialized="incremental" unique_key="date_key, apartment_key"}}

with apartments as (
    select * from {{ref "dim_apartment"}}
),

sensors as (
    select * from {{ref "sensor_devices"}}
),

rooms as (
    select * from {{ref "dim_room"}}
),

sites as (
    select * from {{ref "dim_weather_site"}}
),

appliances as (
    {{> device_references}}
),

newest as (
    {{> newest_minutes}}
),

reference as (
    select
        apartment_key,
        {{> order_free_sum value="reference_kwh_day"}} as reference_kwh
    from appliances
    group by apartment_key
),

weights as (
    {{> comfort_weights}}
),

{{#incremental}}
new_hours as (
    select distinct
        date_key,
        apartment_key
    from {{ref "room_hour"}}
    where load_id > {{high_water "room_hour"}}
),

new_forecasts as (
    select distinct
        l.date_key,
        a.apartment_key
    from {{ref "weather_clean"}} as w
    inner join sites as s on s.site_name = w.site
    inner join apartments as a on a.weather_site_key = s.site_key
    cross join lateral (
        select {{> local_time instant="w.timestamp"}}::date as date
    ) as f
    cross join lateral (
        select {{> date_key date="f.date"}} as date_key
    ) as l
    where w.load_id > {{high_water "weather_clean"}}
),

touched as (
    select
        date_key,
        apartment_key
    from new_hours
    union
    select
        t.date_key,
        t.apartment_key
    from {{this}} as t
    inner join new_forecasts as f on f.date_key = t.date_key and f.apartment_key = t.apartment_key
    union
    -- days whose appliances are known better by now
    select
        t.date_key,
        t.apartment_key
    from {{this}} as t
    left join reference as f on f.apartment_key = t.apartment_key
    where t.reference_kwh is distinct from f.reference_kwh
    union
    -- days that were going on, or whose rooms or meter have turned out to be there already
    select
        t.date_key,
        t.apartment_key
    from {{this}} as t
    inner join newest as n on n.apartment_key = t.apartment_key
    cross join lateral (
        {{> known_on_day apartment="t.apartment_key" key="t.date_key" newest="n.newest_minute"}}
    ) as k
    where t.has_meter <> k.has_meter
        or t.expected_minutes <> k.expected_minutes
),

hours as (
    select h.*
    from touched as t
    -- one look-up in the index each, whatever the planner believes about the number of days
    cross join lateral (
        select s.*
        from {{ref "room_hour"}} as s
        where s.apartment_key = t.apartment_key
            and s.date_key = t.date_key
        offset 0
    ) as h
),

{{else}}
hours as (
    select * from {{ref "room_hour"}}
),

{{/incremental}}
spans as (
    select distinct
        date_key,
        apartment_key,
        {{> day_start key="date_key"}} as day_start,
        {{> day_end key="date_key"}} as day_end
    from hours
),

-- Minutes in which anybody is in any room inside count once.
presence as (
    select
        d.date_key,
        d.apartment_key,
        p.presence_minutes,
        p.active_rooms
    from spans as d
    cross join lateral (
        select
            (count(distinct s.datetime_key) filter (where s.presence_flag))::integer as presence_minutes,
            (count(distinct s.room_key) filter (where s.presence_flag))::integer as active_rooms
        from {{ref "fact_presence_minute"}} as s
        where s.datetime_key >= {{> minute_key instant="d.day_start"}}
            and s.datetime_key < {{> minute_key instant="d.day_end"}}
            and s.apartment_key = d.apartment_key
            and s.room_key in (select r.room_key from rooms as r where r.is_inside)
        having count(*) > 0
    ) as p
),

forecasts as (
    select
        d.date_key,
        d.apartment_key,
        w.forecast_temperature_c_mean
    from spans as d
    inner join apartments as a on a.apartment_key = d.apartment_key
    inner join sites as s on s.site_key = a.weather_site_key
    cross join lateral (
        select {{> order_free_mean value="c.temperature_c" condition="not c.is_outlier"}} as forecast_temperature_c_mean
        from {{ref "weather_clean"}} as c
        where c.timestamp >= d.day_start
            and c.timestamp < d.day_end
            and c.site = s.site_name
    ) as w
),

days as (
    select
        h.date_key,
        h.apartment_key,
        {{> order_free_sum value="h.energy_kwh_meter"}} as energy_kwh_meter,
        {{> order_free_sum value="h.energy_kwh_plugs"}} as energy_kwh_plugs,
        {{> order_free_sum value="h.cost_chf_meter"}} as cost_chf_meter,
        {{> order_free_sum value="h.cost_chf_plugs"}} as cost_chf_plugs,
        max(h.peak_power_w) as peak_power_w,
        {{> hours_mean product="h.temperature_c_mean::numeric * h.temperature_minutes" minutes="h.temperature_minutes" condition="r.is_inside"}} as temperature_c_mean,
        min(h.temperature_c_min) filter (where r.is_inside) as temperature_c_min,
        max(h.temperature_c_max) filter (where r.is_inside) as temperature_c_max,
        {{> hours_mean product="h.humidity_pct_mean::numeric * h.humidity_minutes" minutes="h.humidity_minutes" condition="r.is_inside"}} as humidity_pct_mean,
        {{> hours_mean product="h.co2_ppm_mean::numeric * h.co2_minutes" minutes="h.co2_minutes" condition="r.is_inside"}} as co2_ppm_mean,
        max(h.co2_ppm_max) filter (where r.is_inside) as co2_ppm_max,
        {{> hours_mean product="h.temperature_c_mean::numeric * h.temperature_minutes" minutes="h.temperature_minutes" condition="not r.is_inside"}} as outside_temperature_c_mean,
        coalesce(sum(h.co2_minutes_above_1000) filter (where r.is_inside), 0)::integer as co2_minutes_above_1000,
        sum(h.window_openings)::integer as window_openings,
        sum(h.door_openings)::integer as door_openings,
        sum(h.seen_minutes)::integer as seen_minutes,
        sum(h.suspect_minutes)::integer as suspect_minutes,
        {{> comfort_score condition="r.is_inside"}} as comfort_score
    from hours as h
    inner join rooms as r on r.room_key = h.room_key
    cross join weights as w
    group by
        h.date_key,
        h.apartment_key
),

final as (
    select
        d.date_key,
        d.apartment_key,
        case when k.has_meter then d.energy_kwh_meter else d.energy_kwh_plugs end as energy_kwh,
        d.energy_kwh_meter,
        d.energy_kwh_plugs,
        case when k.has_meter then d.cost_chf_meter else d.cost_chf_plugs end as cost_chf,
        f.reference_kwh,
        d.peak_power_w,
        d.temperature_c_mean,
        d.temperature_c_min,
        d.temperature_c_max,
        d.humidity_pct_mean,
        d.co2_ppm_mean,
        d.co2_ppm_max,
        d.outside_temperature_c_mean,
        w.forecast_temperature_c_mean,
        case
            when o.outside <= {{var "heating_limit_c"}} then {{var "heating_base_c"}} - o.outside
            when o.outside is not null then 0
        end as heating_degree_days,
        d.co2_minutes_above_1000,
        d.window_openings,
        d.door_openings,
        p.presence_minutes,
        p.active_rooms,
        d.comfort_score,
        d.seen_minutes,
        d.suspect_minutes,
        k.expected_minutes,
        100.0::double precision * (d.seen_minutes - d.suspect_minutes) / k.expected_minutes as data_quality_pct,
        k.has_meter
    from days as d
    inner join newest as n on n.apartment_key = d.apartment_key
    cross join lateral (
        {{> known_on_day apartment="d.apartment_key" key="d.date_key" newest="n.newest_minute"}}
    ) as k
    left join reference as f on f.apartment_key = d.apartment_key
    left join presence as p on p.date_key = d.date_key and p.apartment_key = d.apartment_key
    left join forecasts as w on w.date_key = d.date_key and w.apartment_key = d.apartment_key
    cross join lateral (
        select coalesce(d.outside_temperature_c_mean, w.forecast_temperature_c_mean) as outside
    ) as o
)

select
    date_key,
    apartment_key,
    energy_kwh,
    energy_kwh_meter,
    energy_kwh_plugs,
    cost_chf,
    reference_kwh,
    peak_power_w,
    temperature_c_mean,
    temperature_c_min,
    temperature_c_max,
    humidity_pct_mean,
    co2_ppm_mean,
    co2_ppm_max,
    outside_temperature_c_mean,
    forecast_temperature_c_mean,
    heating_degree_days,
    co2_minutes_above_1000,
    window_openings,
    door_openings,
    presence_minutes,
    active_rooms,
    comfort_score,
    seen_minutes,
    suspect_minutes,
    expected_minutes,
    data_quality_pct,
    has_meter
from final
