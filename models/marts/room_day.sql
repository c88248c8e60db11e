{{config materialized="incremental" unique_key="date_key, room_key"}}

with rooms as (
    select * from {{ref "dim_room"}}
),

room_types as (
    select * from {{ref "room_types"}}
),

appliances as (
    {{> device_references}}
),

newest as (
    {{> newest_minutes}}
),

reference as (
    select
        room_key,
        {{> order_free_sum value="reference_kwh_day"}} as reference_kwh
    from appliances
    group by room_key
),

weights as (
    {{> comfort_weights}}
),

{{#incremental}}
touched as (
    select
        date_key,
        room_key
    from {{ref "room_hour"}}
    where load_id > {{high_water "room_hour"}}
    union
    -- days whose appliances are known better by now
    select
        t.date_key,
        t.room_key
    from {{this}} as t
    left join reference as f on f.room_key = t.room_key
    where t.reference_kwh is distinct from f.reference_kwh
    union
    -- days that were going on
    select
        t.date_key,
        t.room_key
    from {{this}} as t
    inner join newest as n on n.apartment_key = t.apartment_key
    where t.expected_minutes <> {{> expected_minutes key="t.date_key" newest="n.newest_minute"}}
),

hours as (
    select h.*
    from touched as t
    -- one look-up in the index each, whatever the planner believes about the number of days
    cross join lateral (
        select s.*
        from {{ref "room_hour"}} as s
        where s.room_key = t.room_key
            and s.date_key = t.date_key
        offset 0
    ) as h
),
{{else}}
hours as (
    select * from {{ref "room_hour"}}
),
{{/incremental}}

-- Of rooms whose hours have no presence, by seed room_types.
coarse as (
    select
        h.date_key,
        h.room_key,
        p.presence_minutes,
        p.motion_minutes
    from (
        select distinct
            o.date_key,
            o.room_key,
            {{> day_start key="o.date_key"}} as day_start,
            {{> day_end key="o.date_key"}} as day_end
        from hours as o
        inner join rooms as r on r.room_key = o.room_key
        inner join room_types as y on y.room_type = r.room_type
        where y.presence_grain = 'day'
    ) as h
    cross join lateral (
        select
            count(*) filter (where s.presence_flag)::integer as presence_minutes,
            count(*) filter (where s.motion_count > 0)::integer as motion_minutes
        from {{ref "fact_presence_minute"}} as s
        where s.datetime_key >= {{> minute_key instant="h.day_start"}}
            and s.datetime_key < {{> minute_key instant="h.day_end"}}
            and s.room_key = h.room_key
        having count(*) > 0
    ) as p
),

days as (
    select
        h.date_key,
        h.room_key,
        min(h.apartment_key) as apartment_key,
        {{> order_free_sum value="h.energy_kwh_meter"}} as energy_kwh_meter,
        {{> order_free_sum value="h.energy_kwh_plugs"}} as energy_kwh_plugs,
        {{> order_free_sum value="h.cost_chf_meter"}} as cost_chf_meter,
        {{> order_free_sum value="h.cost_chf_plugs"}} as cost_chf_plugs,
        max(h.peak_power_w) as peak_power_w,
        {{> hours_mean product="h.temperature_c_mean::numeric * h.temperature_minutes" minutes="h.temperature_minutes" condition="true"}} as temperature_c_mean,
        min(h.temperature_c_min) as temperature_c_min,
        max(h.temperature_c_max) as temperature_c_max,
        {{> hours_mean product="h.humidity_pct_mean::numeric * h.humidity_minutes" minutes="h.humidity_minutes" condition="true"}} as humidity_pct_mean,
        {{> hours_mean product="h.co2_ppm_mean::numeric * h.co2_minutes" minutes="h.co2_minutes" condition="true"}} as co2_ppm_mean,
        max(h.co2_ppm_max) as co2_ppm_max,
        {{> order_free_mean value="h.light_lux_mean" condition="true"}} as light_lux_mean,
        max(h.light_lux_max) as light_lux_max,
        sum(h.co2_minutes_above_1000)::integer as co2_minutes_above_1000,
        sum(h.window_open_minutes)::integer as window_open_minutes,
        sum(h.door_open_minutes)::integer as door_open_minutes,
        sum(h.window_openings)::integer as window_openings,
        sum(h.door_openings)::integer as door_openings,
        sum(h.presence_minutes)::integer as presence_minutes,
        sum(h.motion_minutes)::integer as motion_minutes,
        sum(h.seen_minutes)::integer as seen_minutes,
        sum(h.suspect_minutes)::integer as suspect_minutes,
        {{> comfort_score condition="true"}} as comfort_score
    from hours as h
    cross join weights as w
    group by
        h.date_key,
        h.room_key
),

final as (
    select
        d.date_key,
        d.room_key,
        d.apartment_key,
        d.energy_kwh_meter,
        d.energy_kwh_plugs,
        d.cost_chf_meter,
        d.cost_chf_plugs,
        f.reference_kwh,
        d.peak_power_w,
        d.temperature_c_mean,
        d.temperature_c_min,
        d.temperature_c_max,
        d.humidity_pct_mean,
        d.co2_ppm_mean,
        d.co2_ppm_max,
        d.light_lux_mean,
        d.light_lux_max,
        d.co2_minutes_above_1000,
        d.window_open_minutes,
        d.door_open_minutes,
        d.window_openings,
        d.door_openings,
        coalesce(d.presence_minutes, c.presence_minutes) as presence_minutes,
        coalesce(d.motion_minutes, c.motion_minutes) as motion_minutes,
        d.comfort_score,
        d.seen_minutes,
        d.suspect_minutes,
        e.expected_minutes,
        100.0::double precision * (d.seen_minutes - d.suspect_minutes) / e.expected_minutes as data_quality_pct
    from days as d
    inner join newest as n on n.apartment_key = d.apartment_key
    cross join lateral (
        select {{> expected_minutes key="d.date_key" newest="n.newest_minute"}} as expected_minutes
    ) as e
    left join reference as f on f.room_key = d.room_key
    left join coarse as c on c.date_key = d.date_key and c.room_key = d.room_key
)

select
    date_key,
    room_key,
    apartment_key,
    energy_kwh_meter,
    energy_kwh_plugs,
    cost_chf_meter,
    cost_chf_plugs,
    reference_kwh,
    peak_power_w,
    temperature_c_mean,
    temperature_c_min,
    temperature_c_max,
    humidity_pct_mean,
    co2_ppm_mean,
    co2_ppm_max,
    light_lux_mean,
    light_lux_max,
    co2_minutes_above_1000,
    window_open_minutes,
    door_open_minutes,
    window_openings,
    door_openings,
    presence_minutes,
    motion_minutes,
    comfort_score,
    seen_minutes,
    suspect_minutes,
    expected_minutes,
    data_quality_pct
from final
