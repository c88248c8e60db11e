{{config materialized="incremental" unique_key="target_name" surrogate_key="target_key"}}

with predictions as (
    select target from {{ref "predictions"}}
    {{#incremental}}
    where load_id > {{high_water "predictions"}}
    {{/incremental}}
),

final as (
    select distinct target as target_name
    from predictions
)

select target_name
from final
