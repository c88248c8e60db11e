{{config severity="warn"}}

-- Columns that silver takes from the registry and that the latest snapshot of their table lacks: what is made of them is NULL.
with expected as (
    select *
    from (
        values
            ('buildings', array['idBuilding', 'houseName', 'idBuildingType', 'buildingYear', 'nbPeople', 'isHeatingOn', 'idUser']),
            {{#if (var "registry_locations" false)}}
            ('buildings', array['latitude', 'longitude', 'address', 'npa', 'city']),
            {{/if}}
            ('buildingtype', array['idBuildingType']),
            ('rooms', array['idRoom', 'idBuilding', 'roomName', 'orientation', 'm2']),
            ('sensors', array['idSensor', 'idRoom', 'ip', 'type']),
            ('devices', array['idDevice', 'idRoom', 'name', 'type']),
            ('dierrors', array['idError', 'idBuilding', 'errorMessage', 'creationDate', 'file'])
    ) as e (table_name, column_names)
),

latest as (
    select distinct on (split_part(f.name, '/', 2))
        left(split_part(f.name, '/', 2), -5) as table_name,
        f.source_time as snapshot_at,
        f.load_id
    from {{source "staging" "registry_file"}} as f
    where f.source = 'registry'
        and f.status = 'landed'
    order by
        split_part(f.name, '/', 2),
        f.source_time desc
),

-- Every row of a table has the same columns, and one without rows does not tell.
samples as (
    select
        l.table_name,
        l.snapshot_at,
        n.fields
    from latest as l
    join {{source "staging" "registry_row"}} as r
        on r.table_name = l.table_name
        and r.load_id = l.load_id
        and r.row_no = 1
    cross join lateral (
        {{> lower_case_keys record="r.record"}}
    ) as n
)

select
    e.table_name,
    c.column_name,
    'the registry has no column ' || c.column_name || ' in table ' || e.table_name || ' any more: what is made of it is NULL' as message,
    s.snapshot_at
from expected as e
cross join lateral unnest(e.column_names) as c (column_name)
join samples as s on s.table_name = e.table_name
where not s.fields ? lower(c.column_name)
