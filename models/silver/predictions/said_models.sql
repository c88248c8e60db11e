{{config materialized="incremental" unique_key="model_name, model_version"}}

with predictions as (
    select * from {{ref "predictions"}}
    {{#incremental}}
    where load_id > {{high_water "predictions"}}
    {{/incremental}}
),

-- no prediction is newer than those that come with an increment
final as (
    select distinct on (model_name, model_version)
        model_name,
        model_version,
        model_type,
        trained_at,
        model_role
    from predictions
    order by
        model_name,
        model_version,
        load_id desc,
        row_no desc
)

select
    model_name,
    model_version,
    model_type,
    trained_at,
    model_role
from final
