{{config materialized="table" unique_key="model_key, feature"}}

with models as (
    select * from {{ref "dim_model"}}
),

trained as (
    select * from {{ref "trained_models"}}
    where role is not null
),

stored as (
    select * from {{source "staging" "model"}}
),

used as (
    select
        t.model_name,
        t.model_version,
        s.evaluation,
        s.content #> '{artefact,gains}' as gains
    from trained as t
    join stored as s on s.model_id = t.model_id
    where not s.is_baseline
),

gains as (
    select
        u.model_name,
        u.model_version,
        g.gain ->> 'column' as feature,
        (g.gain ->> 'gain')::double precision as gain
    from used as u
    cross join lateral jsonb_array_elements(u.gains) as g (gain)
),

permutations as (
    select
        u.model_name,
        u.model_version,
        p.permutation ->> 'column' as feature,
        (p.permutation ->> 'increase')::double precision as permutation
    from used as u
    cross join lateral jsonb_array_elements(u.evaluation -> 'importance') as p (permutation)
),

final as (
    select
        m.model_key,
        coalesce(g.feature, p.feature) as feature,
        coalesce(g.gain, 0) as gain,
        p.permutation
    from gains as g
    full join permutations as p
        on p.model_name = g.model_name
        and p.model_version = g.model_version
        and p.feature = g.feature
    join models as m
        on m.model_name = coalesce(g.model_name, p.model_name)
        and m.model_version = coalesce(g.model_version, p.model_version)
)

select
    model_key,
    feature,
    gain,
    permutation
from final
