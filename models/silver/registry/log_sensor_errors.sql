{{config materialized="incremental" unique_key="error_id"}}

with snapshots as (
    select
        load_id,
        source_time as snapshot_at
    from {{source "staging" "file"}}
    where source = 'registry'
        and status = 'landed'
        and split_part(name, '/', 2) = 'dierrors.json'
        {{#incremental}}
        and load_id > {{high_water "staging.registry_row"}}
        {{/incremental}}
),

records as (
    select
        {{> whole_number value="(n.fields -> 'iderror')"}} as error_id,
        n.fields,
        r.record,
        s.snapshot_at,
        r.load_id
    from snapshots as s
    join {{source "staging" "registry_row"}} as r
        on r.table_name = 'dierrors'
        and r.load_id = s.load_id
    cross join lateral (
        {{> lower_case_keys record="r.record"}}
    ) as n
),

newest as (
    select distinct on (error_id)
        error_id,
        fields,
        record,
        snapshot_at,
        load_id
    from records
    where error_id is not null
    -- an id that stands twice in one snapshot is one row, and always the same one
    order by
        error_id,
        snapshot_at desc,
        record::text collate "C"
),

final as (
    select
        n.error_id,
        {{> whole_number value="(n.fields -> 'idbuilding')"}} as building_id,
        n.fields ->> 'errormessage' as error_message,
        n.fields ->> 'file' as file,
        {{> registry_time text="(n.fields ->> 'creationdate')"}} as created_at,
        n.snapshot_at as last_seen_at,
        n.record,
        {{#incremental}}
        -- seen again as it was: nothing that whoever follows by load_id would have to know
        case when t.record = n.record then t.load_id else n.load_id end as load_id
        {{else}}
        n.load_id
        {{/incremental}}
    from newest as n
    {{#incremental}}
    left join {{this}} as t on t.error_id = n.error_id
    where t.error_id is null
        or n.snapshot_at > t.last_seen_at
    {{/incremental}}
)

select
    error_id,
    building_id,
    error_message,
    file,
    created_at,
    last_seen_at,
    record,
    load_id
from final
