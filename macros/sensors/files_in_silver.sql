{{! The files of a source whose rows are in silver, and when the load that landed them had finished: the body of a CTE. A file
    counts if its load is not newer than the newest that the model has consumed. source: as in the ledger; model: the model
    that consumes; upstream: the staging table it follows. }}
select
    f.name as filename,
    l.finished_at as processed_at
from {{source "staging" "file"}} as f
join {{source "staging" "load"}} as l on l.load_id = f.load_id
where f.source = {{literal source}}
    and f.status = 'landed'
    and f.load_id <= (
        select m.load_id
        from {{source "datacycle" "high_water"}} as m
        where m.model = {{literal model}}
            and m.upstream = {{literal upstream}}
    )
