{{config severity="warn"}}
-- What the models in use read has not moved far from what they have learnt from: no population stability index of the last seven days before the training
-- is above 0.25. Weather and calendar are left out, which move with the seasons.
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
    and d.value ->> 'column' not in (
        'temperature_c', 'humidity_pct', 'precipitation_mm', 'radiation_wm2', 'temperature_c_day',
        'below_16', 'below_12', 'above_22', 'day_below_16', 'day_below_12', 'hour', 'tod', 'dow', 'day_type', 'holiday', 'ahead'
    )
