{{! The rows of a registry table as its latest snapshot has it: the body of a CTE. The latest is the one with the newest time,
    not with the largest load_id: a snapshot that was landed again from Bronze has a new one. A table that is missing
    from the newest snapshots keeps the last one it was in. fields is the record with its column names in lower case,
    since their spelling differs between installations. table: the name of the table, in lower case. }}
select
    r.row_no,
    r.record,
    n.fields,
    r.load_id
from (
    select f.load_id
    from {{source "staging" "registry_file"}} as f
    where f.source = 'registry'
        and f.status = 'landed'
        and split_part(f.name, '/', 2) = {{literal table}} || '.json'
    order by f.source_time desc
    limit 1
) as s
join {{source "staging" "registry_row"}} as r
    on r.table_name = {{literal table}}
    and r.load_id = s.load_id
cross join lateral (
    {{> lower_case_keys record="r.record"}}
) as n
