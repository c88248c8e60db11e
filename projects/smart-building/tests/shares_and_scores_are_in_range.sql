-- Shares lie within 0 and 1, scores within 0 and 100, and means within the bounds of what they are made of.
select
    event_date,
    room
from {{ref "room_daily_metrics"}}
where not coalesce(temp_comfort_ratio between 0 and 1, true)
    or not coalesce(co2_above_1000_ratio between 0 and 1, true)
    or not coalesce(humidity_in_range_ratio between 0 and 1, true)
    or not coalesce(occupancy_rate between 0 and 1, true)
    or not coalesce(data_quality_score between 0 and 100, true)
    or not coalesce(comfort_score between 0 and 100.0000001, true)
    or not coalesce(comfort_score_strict <= comfort_score + 1e-9, true)
    or not coalesce(temp_avg between temp_min - 1e-9 and temp_max + 1e-9, true)
    or not coalesce(luminosity_avg between luminosity_min - 1e-9 and luminosity_max + 1e-9, true)
