{{config materialized="incremental" unique_key="apartment, date"}}

with events as (
    select
        apartment,
        (timestamp at time zone 'UTC')::date as date,
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
        date,
        min(timestamp) as first_seen,
        max(timestamp) as last_seen,
        max(load_id) as load_id
    from events
    group by
        apartment,
        date
)

select
    f.apartment,
    f.date,
    {{#incremental}}
    least(f.first_seen, t.first_seen) as first_seen,
    greatest(f.last_seen, t.last_seen) as last_seen,
    {{else}}
    f.first_seen,
    f.last_seen,
    {{/incremental}}
    f.load_id
from final as f
{{#incremental}}
left join {{this}} as t
    on t.apartment = f.apartment
    and t.date = f.date
{{/incremental}}
