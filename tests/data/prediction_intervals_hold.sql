{{config severity="warn"}}
-- Bounds of champions hold about the share of values that they are made for: over the newest seven days with predictions, between 15
-- percentage points less and 12 more. Training replaces a champion each day: all versions of it that have predicted as the champion count.
with days as (
    select max(date_key) as newest from {{ref "fact_model_evaluation"}}
),

sums as (
    select
        m.model_name,
        sum(e.n_interval) as windows,
        sum(e.n_in_interval)::double precision / nullif(sum(e.n_interval), 0) as coverage
    from {{ref "fact_model_evaluation"}} as e
    join {{ref "dim_model"}} as m on m.model_key = e.model_key
    cross join days as d
    where m.said_role = 'champion'
        and m.model_name in (
            select c.model_name from {{ref "dim_model"}} as c where c.role = 'champion'
            union all
            select c.model_name from {{ref "trained_models"}} as c where c.role = 'champion'
        )
        and to_date(e.date_key::text, 'YYYYMMDD') > to_date(d.newest::text, 'YYYYMMDD') - 7
    group by m.model_name
)

select
    model_name,
    windows,
    coverage
from sums
where windows >= 500
    and coverage - coalesce({{literal (lookup (var "predictions") "interval")}}, 0.8) not between -0.15 and 0.12
