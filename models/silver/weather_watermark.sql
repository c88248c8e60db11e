{{config materialized="view"}}

with files as (
    select * from {{source "staging" "file"}}
),

loads as (
    select * from {{source "staging" "load"}}
),

marks as (
    select * from {{source "datacycle" "high_water"}}
),

final as (
    select
        f.name as filename,
        l.finished_at as processed_at
    from files as f
    join loads as l on l.load_id = f.load_id
    where f.source = 'weather'
        and f.status = 'landed'
        and f.load_id <= (
            select m.load_id
            from marks as m
            where m.model = 'weather_forecasts'
                and m.upstream = 'staging.weather_chunk'
        )
)

select
    filename,
    processed_at
from final
