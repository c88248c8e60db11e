{{config severity="warn"}}
-- What the models in use read has not moved far from what they have learnt from: no population stability index of the last seven days before the training
-- is above 0.25. Training leaves out what moves anyway: weather, calendar, the mean of a week, and the state at the seven daily origins of a week.
select
    m.target,
    m.horizon,
    m.name,
    d.value ->> 'column' as input,
    (d.value ->> 'psi')::double precision as stability_index
from (
    select
        target,
        horizon,
        name,
        evaluation,
        chosen_at,
        max(chosen_at) over (partition by target, horizon) as newest
    from {{source "staging" "model"}}
) as m
cross join lateral jsonb_array_elements(coalesce(m.evaluation -> 'drift', '[]')) as d (value)
where m.chosen_at = m.newest
    and (d.value ->> 'psi')::double precision > 0.25
