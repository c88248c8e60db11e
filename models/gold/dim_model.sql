{{config materialized="incremental" unique_key="model_name, model_version" surrogate_key="model_key"}}

with said as (
    select * from {{ref "said_models"}}
),

trained as (
    select * from {{ref "trained_models"}}
),

final as (
    select
        s.model_name,
        s.model_version,
        s.model_type,
        s.trained_at,
        s.model_role as said_role,
        -- the program's own models have the role that they have now, others the one that they said last
        case when t.model_name is null then s.model_role else t.role end as role,
        t.algorithm,
        t.trained_from,
        t.trained_to,
        t.rows_trained,
        row_number() over (
            partition by s.model_name
            order by s.trained_at desc nulls last, s.model_version desc
        ) = 1 as is_current
    from said as s
    left join trained as t on t.model_name = s.model_name and t.model_version = s.model_version
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
