{{config materialized="table" unique_key="parameter_key"}}

with records as (
    {{> registry_rows table="parameters"}}
),

final as (
    select distinct on (k.parameter_key)
        k.parameter_key,
        {{> whole_number value="(r.fields -> 'idbuilding')"}} as building_id,
        {{> bounded_text text="coalesce(r.fields ->> 'idparametertype', r.fields ->> 'idparameterstype')"}} as parameter_type_key,
        {{> reading_value value="(r.fields -> 'value')" is_flag="false"}} as value,
        r.record,
        r.load_id
    from records as r
    cross join lateral (
        select {{> bounded_text text="s.sent"}} as parameter_key
        from (
            select coalesce(r.fields ->> 'idparameter', r.fields ->> 'idparameters', r.fields ->> 'id', 'md5 ' || md5(r.record::text)) as sent
        ) as s
    ) as k
    where k.parameter_key is not null
    -- a key that stands twice is one row, and always the same one
    order by
        k.parameter_key,
        r.record::text collate "C"
)

select
    parameter_key,
    building_id,
    parameter_type_key,
    value,
    record,
    load_id
from final
