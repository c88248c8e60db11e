{{config materialized="incremental" unique_key="model_name, model_version" surrogate_key="model_key"}}

with predictions as (
    select * from {{ref "predictions"}}
    {{#incremental}}
    where load_id > {{high_water "predictions"}}
    {{/incremental}}
),

trained as (
    select * from {{ref "trained_models"}}
),

-- what was said last of a model; no prediction is newer than those that come with an increment
said as (
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
),

{{#incremental}}
known as (
    select
        model_name,
        model_version,
        model_type,
        trained_at,
        model_role
    from said
    union all
    select
        t.model_name,
        t.model_version,
        t.model_type,
        t.trained_at,
        t.said_role
    from {{this}} as t
    where (t.model_name, t.model_version) not in (select s.model_name, s.model_version from said as s)
),
{{else}}
known as (
    select * from said
),
{{/incremental}}

final as (
    select
        k.model_name,
        k.model_version,
        k.model_type,
        k.trained_at,
        k.model_role as said_role,
        -- the program's own models have the role that they have now, others the one that they said last
        case when t.model_name is null then k.model_role else t.role end as role,
        t.algorithm,
        t.trained_from,
        t.trained_to,
        t.rows_trained,
        row_number() over (
            partition by k.model_name
            order by k.trained_at desc nulls last, k.model_version desc
        ) = 1 as is_current
    from known as k
    left join trained as t on t.model_name = k.model_name and t.model_version = k.model_version
)

select
    model_name,
    model_version,
    model_type,
    trained_at,
    said_role,
    role,
    algorithm,
    trained_from,
    trained_to,
    rows_trained,
    is_current
from final
