{{config materialized="incremental" unique_key="sensor_id, ts_utc"}}

with messages as (
    select
        load_id,
        message
    from {{source "staging" "stream_message"}}
    where topic like 'iot.%'
    {{#incremental}}
        and load_id > {{high_water "staging.stream_message"}}
    {{/incremental}}
),

sensor_types as (
    select * from {{ref "sensor_types"}}
),

-- Each document is taken apart once, however often its fields are named below.
fields as (
    select
        m.load_id,
        f.room,
        lower(f.sensor) as sensor_type,
        f.value as value_raw,
        {{> unix_time value="f.ts"}} as ts_unix
    from messages as m
    cross join lateral jsonb_to_record(m.message) as f (room text, sensor text, ts text, value text)
    offset 0
),

readings as (
    select
        load_id,
        room,
        sensor_type,
        room || '-' || sensor_type as sensor_id,
        ts_unix,
        to_timestamp(ts_unix::double precision) as ts_utc,
        value_raw,
        {{> finite_number value="value_raw"}} as value_clean
    from fields
    where ts_unix is not null
        and room is not null
        and sensor_type is not null
),

-- What comes twice for one sensor and time counts once, whatever the order of arrival: the highest value.
single as (
    select distinct on (sensor_id, ts_utc)
        load_id,
        room,
        sensor_type,
        sensor_id,
        ts_unix,
        ts_utc,
        value_raw,
        value_clean
    from readings
    order by
        sensor_id,
        ts_utc,
        value_clean desc nulls last,
        value_raw collate "C" desc nulls last,
        load_id desc
),

{{#incremental}}
changes as (
    select s.*
    from single as s
    -- one index look-up a row, whatever the planner believes about the number of rows
    left join lateral (
        select
            true as is_there,
            t.value_clean,
            t.value_raw
        from {{this}} as t
        where t.sensor_id = s.sensor_id
            and t.ts_utc = s.ts_utc
        limit 1
    ) as t on true
    where t.is_there is null
        or s.value_clean > t.value_clean
        or s.value_clean is not null and t.value_clean is null
        or s.value_clean is not distinct from t.value_clean
        and (
            s.value_raw collate "C" > t.value_raw
            or s.value_raw is not null and t.value_raw is null
        )
),
{{/incremental}}

flagged as (
    select
        r.*,
        coalesce(y.unit, 'unknown') as unit,
        case
            when r.value_clean is null then 'MISSING'
            when {{> is_outlier value="r.value_clean" lower="y.lower" upper="y.upper"}} then 'OUTLIER'
            else 'OK'
        end as quality_flag
    from {{#incremental}}changes{{else}}single{{/incremental}} as r
    left join sensor_types as y on y.sensor_type = r.sensor_type
),

final as (
    select
        sensor_id,
        ts_utc,
        room,
        sensor_type,
        unit,
        value_raw,
        quality_flag,
        floor(ts_unix)::bigint as ts_unix,
        value_clean,
        quality_flag = 'OK' as is_valid,
        case when sensor_type = 'pir' and quality_flag = 'OK' then value_clean > 0 end as occupied,
        (ts_utc at time zone {{literal (var "building_zone")}})::date as event_date,
        load_id
    from flagged
)

select
    sensor_id,
    ts_utc,
    room,
    sensor_type,
    unit,
    value_raw,
    quality_flag,
    ts_unix,
    value_clean,
    is_valid,
    occupied,
    event_date,
    load_id
from final
