{{config materialized="incremental" unique_key="event_date, room"}}

{{#incremental}}
with touched as (
    select distinct
        event_date,
        room
    from {{ref "sensor_timeseries_hourly"}}
    where load_id > {{high_water "sensor_timeseries_hourly"}}
),

hours as (
    select h.*
    from touched as t
    inner join {{ref "sensor_timeseries_hourly"}} as h
        on h.event_date = t.event_date
        and h.room = t.room
),
{{else}}
with hours as (
    select * from {{ref "sensor_timeseries_hourly"}}
),
{{/incremental}}

days as (
    select
        event_date,
        room,
        {{> weighted_mean sensor_type="'temperature'"}} as temp_avg,
        min(value_min) filter (where sensor_type = 'temperature') as temp_min,
        max(value_max) filter (where sensor_type = 'temperature') as temp_max,
        {{> weighted_mean sensor_type="'co2'"}} as co2_avg,
        max(value_max) filter (where sensor_type = 'co2') as co2_max,
        {{> weighted_mean sensor_type="'humidity'"}} as humidity_avg,
        {{> weighted_mean sensor_type="'luminosity'"}} as luminosity_avg,
        min(value_min) filter (where sensor_type = 'luminosity') as luminosity_min,
        max(value_max) filter (where sensor_type = 'luminosity') as luminosity_max,
        {{> share_of_hours sensor_type="'temperature'" condition="value_avg between 20 and 24"}} as temp_comfort_ratio,
        {{> share_of_hours sensor_type="'co2'" condition="value_avg > 1000"}} as co2_above_1000_ratio,
        {{> share_of_hours sensor_type="'humidity'" condition="value_avg between 30 and 60"}} as humidity_in_range_ratio,
        sum(occupied_secs::numeric) / nullif(sum(observed_secs::numeric), 0) as occupancy_rate,
        100 * avg(pct_valid::numeric) as data_quality_score,
        max(load_id) as load_id
    from hours
    group by
        event_date,
        room
),

-- The parts of comfort that were measured, each with its weight.
parts as (
    select
        d.*,
        0.5 * d.temp_comfort_ratio as temperature_part,
        0.3 * (1 - d.co2_above_1000_ratio) as co2_part,
        0.2 * d.humidity_in_range_ratio as humidity_part
    from days as d
),

final as (
    select
        event_date,
        room,
        temp_avg,
        temp_min,
        temp_max,
        temp_comfort_ratio,
        co2_avg,
        co2_max,
        co2_above_1000_ratio,
        humidity_avg,
        humidity_in_range_ratio,
        luminosity_avg,
        luminosity_min,
        luminosity_max,
        occupancy_rate::double precision as occupancy_rate,
        least(greatest(data_quality_score, 0), 100)::double precision as data_quality_score,
        100 * (coalesce(temperature_part, 0) + coalesce(co2_part, 0) + coalesce(humidity_part, 0)) / nullif(
            case when temperature_part is null then 0 else 0.5 end
            + case when co2_part is null then 0 else 0.3 end
            + case when humidity_part is null then 0 else 0.2 end,
            0
        )::double precision as comfort_score,
        100 * (coalesce(temperature_part, 0) + coalesce(co2_part, 0) + coalesce(humidity_part, 0)) as comfort_score_strict,
        load_id
    from parts
)

select
    event_date,
    room,
    temp_avg,
    temp_min,
    temp_max,
    temp_comfort_ratio,
    co2_avg,
    co2_max,
    co2_above_1000_ratio,
    humidity_avg,
    humidity_in_range_ratio,
    luminosity_avg,
    luminosity_min,
    luminosity_max,
    occupancy_rate,
    data_quality_score,
    comfort_score,
    comfort_score_strict,
    load_id
from final
