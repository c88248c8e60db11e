{{config materialized="view"}}

with models as (
    select * from {{source "staging" "model"}}
),

ranked as (
    select
        model_id,
        target,
        horizon,
        name,
        version,
        is_baseline,
        trained_from,
        trained_to,
        rows,
        coalesce(chosen_at = max(chosen_at) over (partition by target, horizon), false) as is_champion,
        model_id = max(model_id) over (partition by target, horizon, name) as is_newest
    from models
),

final as (
    select
        target || '-' || horizon || '-' || name as model_name,
        version as model_version,
        model_id,
        case
            when is_champion then 'champion'
            when not is_newest then null
            when is_baseline then 'baseline'
            else 'challenger'
        end as role,
        name as algorithm,
        trained_from,
        trained_to,
        rows as rows_trained
    from ranked
)

select
    model_name,
    model_version,
    model_id,
    role,
    algorithm,
    trained_from,
    trained_to,
    rows_trained
from final
