{{config materialized="incremental" unique_key="target_name" surrogate_key="target_key"}}

with predictions as (
    select target from {{ref "predictions"}}
    {{#incremental}}
    where load_id > {{high_water "predictions"}}
    {{/incremental}}
),

names as (
    select * from {{ref "household_names"}}
    where kind = 'target'
),

targets as (
    select distinct target as target_name
    from predictions
),

final as (
    select
        t.target_name,
        coalesce({{> name_by_language row="n"}}, t.target_name) as target_label
    from targets as t
    left join names as n on n.name = t.target_name
)

select
    target_name,
    target_label
from final
