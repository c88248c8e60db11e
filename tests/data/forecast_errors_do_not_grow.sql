{{config severity="warn"}}
-- The models in use are about as wrong as they were on the days on which they were chosen: over the newest seven days with at least 200 windows, no
-- more than twice the Brier score of occupied, or the root of the mean squared error of power. predict train makes others.
with days as (
    select max(date_key) as newest from {{ref "fact_model_evaluation"}}
),

chosen as (
    select
        d.model_key,
        d.model_name,
        m.target,
        case m.target
            when 'occupied' then (m.evaluation ->> 'criterion')::double precision
            else (m.evaluation ->> 'rmse')::double precision
        end as error_then
    from {{ref "dim_model"}} as d
    join {{source "staging" "model"}} as m
        on m.target || '-' || m.horizon || '-' || m.name = d.model_name
        and m.version = d.model_version
    where d.role = 'champion'
),

errors as (
    select
        c.model_name,
        c.target,
        c.error_then,
        sum(e.n) as windows,
        sum(e.sum_sq_error) / nullif(sum(e.n), 0) as squared_error
    from chosen as c
    join {{ref "fact_model_evaluation"}} as e on e.model_key = c.model_key
    join {{ref "dim_target"}} as t on t.target_key = e.target_key and t.target_name = c.target
    cross join days as d
    where to_date(e.date_key::text, 'YYYYMMDD') > to_date(d.newest::text, 'YYYYMMDD') - 7
    group by
        c.model_name,
        c.target,
        c.error_then
),

final as (
    select
        model_name,
        windows,
        error_then,
        case target when 'occupied' then squared_error else sqrt(squared_error) end as error_now
    from errors
)

select
    model_name,
    windows,
    error_then,
    error_now
from final
where windows >= 200
    and error_now > 2 * error_then
