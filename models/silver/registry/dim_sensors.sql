{{config materialized="table" unique_key="sensor_id"}}

with records as (
    {{> registry_rows table="sensors"}}
),

final as (
    select distinct on (k.sensor_id)
        k.sensor_id,
        {{> whole_number value="(r.fields -> 'idroom')"}} as room_id,
        r.fields ->> 'type' as sensor_type,
        r.fields ->> 'ip' as ip,
        r.record,
        r.load_id
    from records as r
    cross join lateral (
        select {{> whole_number value="(r.fields -> 'idsensor')"}} as sensor_id
    ) as k
    where k.sensor_id is not null
    -- a key that stands twice is one row, and always the same one
    order by
        k.sensor_id,
        r.record::text collate "C"
)

select
    sensor_id,
    room_id,
    sensor_type,
    ip,
    record,
    load_id
from final
