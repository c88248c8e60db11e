-- The hours of a day hold every reading of silver, and no other.
with readings as (
    select
        event_date,
        room,
        sensor_type,
        count(*) as readings,
        count(*) filter (where is_valid) as valid
    from {{ref "sensor_readings"}}
    group by
        event_date,
        room,
        sensor_type
),

hours as (
    select
        event_date,
        room,
        sensor_type,
        sum(nb_readings) as readings,
        sum(nb_valid) as valid
    from {{ref "sensor_timeseries_hourly"}}
    group by
        event_date,
        room,
        sensor_type
)

select
    event_date,
    room,
    sensor_type,
    r.readings,
    h.readings as readings_of_hours
from readings as r
full join hours as h using (event_date, room, sensor_type)
where r.readings is distinct from h.readings
    or r.valid is distinct from h.valid
