{{config materialized="table" unique_key="device_id"}}

with records as (
    {{> registry_rows table="devices"}}
),

final as (
    select distinct on (k.device_id)
        k.device_id,
        {{> whole_number value="(r.fields -> 'idroom')"}} as room_id,
        nullif(btrim(r.fields ->> 'type', E' \t\r\n'), '') as device_type,
        r.fields ->> 'name' as device_name,
        r.record,
        r.load_id
    from records as r
    cross join lateral (
        select {{> whole_number value="(r.fields -> 'iddevice')"}} as device_id
    ) as k
    where k.device_id is not null
    -- a key that stands twice is one row, and always the same one
    order by
        k.device_id,
        r.record::text collate "C"
)

select
    device_id,
    room_id,
    device_type,
    device_name,
    record,
    load_id
from final
