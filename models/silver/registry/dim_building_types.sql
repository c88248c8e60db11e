{{config materialized="table" unique_key="building_type_id"}}

with records as (
    {{> registry_rows table="buildingtype"}}
),

final as (
    select distinct on (k.building_type_id)
        k.building_type_id,
        coalesce(r.fields ->> 'type', r.fields ->> 'buildingtype', r.fields ->> 'name') as building_type,
        r.record,
        r.load_id
    from records as r
    cross join lateral (
        select {{> whole_number value="(r.fields -> 'idbuildingtype')"}} as building_type_id
    ) as k
    where k.building_type_id is not null
    -- a key that stands twice is one row, and always the same one
    order by
        k.building_type_id,
        r.record::text collate "C"
)

select
    building_type_id,
    building_type,
    record,
    load_id
from final
