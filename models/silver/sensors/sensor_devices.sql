{{config materialized="incremental" unique_key="apartment, room, sensor_type"}}

with events as (
    select
        apartment,
        room,
        sensor_type,
        field,
        timestamp,
        load_id
    from {{ref "sensor_events"}}
    {{#incremental}}
    where load_id > {{high_water "sensor_events"}}
    {{/incremental}}
),

final as (
    select
        apartment,
        room,
        sensor_type,
        min(timestamp) as first_seen,
        max(timestamp) as last_seen,
        bool_or(field = 'total') as has_counter,
        max(load_id) as load_id
    from events
    group by
        apartment,
        room,
        sensor_type
)

select
    f.apartment,
    f.room,
    f.sensor_type,
    {{#incremental}}
    least(f.first_seen, t.first_seen) as first_seen,
    greatest(f.last_seen, t.last_seen) as last_seen,
    f.has_counter or coalesce(t.has_counter, false) as has_counter,
    {{else}}
    f.first_seen,
    f.last_seen,
    f.has_counter,
    {{/incremental}}
    f.load_id
from final as f
{{#incremental}}
left join {{this}} as t
    on t.apartment = f.apartment
    and t.room = f.room
    and t.sensor_type = f.sensor_type
{{/incremental}}
