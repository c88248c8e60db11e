{{config materialized="table" unique_key="snapshot_key"}}

with records as (
    {{> registry_rows table="profile"}}
),

final as (
    select distinct on (k.snapshot_key)
        k.snapshot_key,
        {{> whole_number value="(r.fields -> 'idbuilding')"}} as building_id,
        {{> whole_number value="(r.fields -> 'iddevice')"}} as device_id,
        {{> reading_value value="(r.fields -> 'power')" is_flag="false"}} as power_w,
        coalesce(
            {{> registry_time text="(r.fields ->> 'date')"}},
            {{> registry_time text="(r.fields ->> 'creationdate')"}}
        ) as measured_at,
        r.record,
        r.load_id
    from records as r
    cross join lateral (
        select {{> bounded_text text="s.sent"}} as snapshot_key
        from (
            select coalesce(r.fields ->> 'idprofile', r.fields ->> 'id', 'md5 ' || md5(r.record::text)) as sent
        ) as s
    ) as k
    where k.snapshot_key is not null
    -- a key that stands twice is one row, and always the same one
    order by
        k.snapshot_key,
        r.record::text collate "C"
)

select
    snapshot_key,
    building_id,
    device_id,
    power_w,
    measured_at,
    record,
    load_id
from final
