{{config materialized="incremental" unique_key="hour_start_utc, room, sensor_type, event_date"}}

{{#incremental}}
with touched as (
    select distinct
        sensor_id,
        date_trunc('hour', ts_utc, 'UTC') as hour_start_utc
    from {{ref "sensor_readings"}}
    where load_id > {{high_water "sensor_readings"}}
),

readings as (
    select
        r.*,
        t.hour_start_utc
    from touched as t
    -- one look-up in the key an hour and sensor, whatever the planner believes about the number of hours
    cross join lateral (
        select s.*
        from {{ref "sensor_readings"}} as s
        where s.sensor_id = t.sensor_id
            and s.ts_utc >= t.hour_start_utc
            and s.ts_utc < t.hour_start_utc + interval '1 hour'
        offset 0
    ) as r
),
{{else}}
with readings as (
    select
        r.*,
        date_trunc('hour', r.ts_utc, 'UTC') as hour_start_utc
    from {{ref "sensor_readings"}} as r
),
{{/incremental}}

-- A valid motion reading counts until the next reading of its sensor in the hour or the end of the hour.
motion as (
    select
        room,
        sensor_type,
        event_date,
        hour_start_utc,
        occupied,
        least(
            extract(
                epoch from lead(ts_utc, 1, hour_start_utc + interval '1 hour')
                    over (partition by sensor_id, hour_start_utc order by ts_utc) - ts_utc
            ),
            {{var "pir_holds_secs"}}
        ) as secs
    from readings
    where sensor_type = 'pir'
),

motion_hours as (
    select
        room,
        sensor_type,
        event_date,
        hour_start_utc,
        (sum(secs) filter (where occupied is not null))::double precision as observed_secs,
        coalesce(sum(secs) filter (where occupied), 0)::double precision as occupied_secs
    from motion
    group by
        room,
        sensor_type,
        event_date,
        hour_start_utc
),

hours as (
    select
        room,
        sensor_type,
        event_date,
        hour_start_utc,
        count(*)::integer as nb_readings,
        (count(*) filter (where is_valid))::integer as nb_valid,
        min(value_clean) filter (where is_valid) as value_min,
        max(value_clean) filter (where is_valid) as value_max,
        {{> exact_mean value="value_clean" condition="is_valid"}} as value_avg,
        sqrt((var_samp(value_clean::numeric) filter (where is_valid))::double precision) as value_std,
        max(load_id) as load_id
    from readings
    group by
        room,
        sensor_type,
        event_date,
        hour_start_utc
),

final as (
    select
        h.hour_start_utc,
        h.room,
        h.sensor_type,
        h.event_date,
        case
            when h.nb_valid >= 0.9 * h.nb_readings then 'OK'
            when h.nb_valid >= 0.7 * h.nb_readings then 'WARNING'
            else 'BAD'
        end as quality_flag_hour,
        extract(hour from h.hour_start_utc at time zone 'UTC')::integer as hour_utc,
        h.nb_readings,
        h.nb_valid,
        h.nb_readings - h.nb_valid as nb_invalid,
        h.value_min,
        h.value_max,
        h.value_avg,
        h.value_std,
        h.nb_valid::double precision / h.nb_readings as pct_valid,
        m.observed_secs,
        case when m.observed_secs is not null then m.occupied_secs end as occupied_secs,
        h.load_id
    from hours as h
    left join motion_hours as m
        on m.room = h.room
        and m.sensor_type = h.sensor_type
        and m.event_date = h.event_date
        and m.hour_start_utc = h.hour_start_utc
)

select
    hour_start_utc,
    room,
    sensor_type,
    event_date,
    quality_flag_hour,
    hour_utc,
    nb_readings,
    nb_valid,
    nb_invalid,
    value_min,
    value_max,
    value_avg,
    value_std,
    pct_valid,
    observed_secs,
    occupied_secs,
    load_id
from final
