{{config materialized="table" unique_key="parameter_type_key"}}

with records as (
    {{> registry_rows table="parameterstype"}}
),

final as (
    select distinct on (k.parameter_type_key)
        k.parameter_type_key,
        coalesce(r.fields ->> 'name', r.fields ->> 'type') as parameter_name,
        r.fields ->> 'unit' as unit,
        r.record,
        r.load_id
    from records as r
    cross join lateral (
        select {{> bounded_text text="s.sent"}} as parameter_type_key
        from (
            select coalesce(r.fields ->> 'idparametertype', r.fields ->> 'idparameterstype', r.fields ->> 'id', 'md5 ' || md5(r.record::text)) as sent
        ) as s
    ) as k
    where k.parameter_type_key is not null
    -- a key that stands twice is one row, and always the same one
    order by
        k.parameter_type_key,
        r.record::text collate "C"
)

select
    parameter_type_key,
    parameter_name,
    unit,
    record,
    load_id
from final
