{{! The day (YYYYMMDD) from which on none of the models named in a quoted list has lost rows to retention. }}
(
    select coalesce(max(to_char(gone.before at time zone 'UTC', 'YYYYMMDD')::integer), 0)
    from {{source "datacycle" "expired"}} as gone
    where gone.model in ({{models}})
)
