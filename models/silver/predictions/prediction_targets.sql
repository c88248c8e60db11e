{{config materialized="incremental" unique_key="apartment, room, target"}}

with predictions as (
    select
        apartment,
        room,
        target,
        load_id
    from {{ref "predictions"}}
    {{#incremental}}
    where load_id > {{high_water "predictions"}}
    {{/incremental}}
),

final as (
    select
        apartment,
        room,
        target,
        max(load_id) as load_id
    from predictions
    group by
        apartment,
        room,
        target
)

select
    apartment,
    room,
    target,
    load_id
from final
