{{config materialized="incremental" unique_key="apartment, room, sensor_type, field, timestamp"}}

with files as (
    {{> sensor_files}}
    {{#incremental}}
    where f.load_id > {{high_water "staging.sensor_file"}}
    {{/incremental}}
    -- keeps what is computed once a file from being computed again for each of its readings; so does every `offset 0`
    offset 0
),

fields as (
    select
        f.field,
        f.unit,
        b.lower,
        b.upper
    from (
        {{> sensor_fields}}
    ) as f
    left join {{ref "bounds"}} as b on b.field = f.field
),

readings as (
    select
        f.apartment,
        r.room,
        r.sensor_type,
        r.field,
        f.timestamp,
        {{> reading_value value="r.value" is_flag="r.is_flag"}} as value,
        f.load_id
    from files as f
    cross join lateral (
        {{> sensor_readings files="f"}}
    ) as r
    where f.apartment is not null
        and f.timestamp is not null
        and r.sensor_type is not null
    offset 0
),

events as (
    select
        apartment,
        room,
        sensor_type,
        field,
        timestamp,
        case when field = 'battery' then min(value) else max(value) end as value,
        max(load_id) as load_id
    from readings
    where value is not null
    group by
        apartment,
        room,
        sensor_type,
        field,
        timestamp
),

{{#incremental}}
combined as (
    select
        e.apartment,
        e.room,
        e.sensor_type,
        e.field,
        e.timestamp,
        e.value,
        e.load_id
    from events as e
    -- one index look-up a row, whatever the planner believes about the number of rows
    left join lateral (
        select t.value
        from {{this}} as t
        where t.apartment = e.apartment
            and t.room = e.room
            and t.sensor_type = e.sensor_type
            and t.field = e.field
            and t.timestamp = e.timestamp
        limit 1
    ) as t on true
    where t.value is null
        or case when e.field = 'battery' then e.value < t.value else e.value > t.value end
),
{{else}}
combined as (
    select * from events
),
{{/incremental}}

final as (
    select
        e.apartment,
        e.room,
        e.sensor_type,
        e.field,
        f.unit,
        e.value,
        {{> is_outlier value="e.value" lower="f.lower" upper="f.upper"}} as is_outlier,
        e.timestamp,
        e.load_id
    from combined as e
    left join fields as f on f.field = e.field
)

select
    apartment,
    room,
    sensor_type,
    field,
    unit,
    value,
    is_outlier,
    timestamp,
    load_id
from final
