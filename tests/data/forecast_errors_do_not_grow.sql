{{config severity="warn"}}
-- Champions are about as wrong as each of their versions was on the days on which it was compared: over the newest seven days with at least 200
-- windows, no more than twice the Brier score of occupied, or the root of the mean squared error of power. predict train makes others.
with days as (
    select max(date_key) as newest from {{ref "fact_model_evaluation"}}
),

-- Training replaces a champion each day: all versions of it that have predicted as the champion.
versions as (
    select
        d.model_key,
        d.model_name,
        m.target,
        case m.target
            when 'occupied' then (m.evaluation ->> 'criterion')::double precision
            else power((m.evaluation ->> 'rmse')::double precision, 2)
        end as squared_error_then
    from {{ref "dim_model"}} as d
    join {{source "staging" "model"}} as m
        on m.target || '-' || m.horizon || '-' || m.name = d.model_name
        and m.version = d.model_version
    where d.said_role = 'champion'
        and d.model_name in (select c.model_name from {{ref "trained_models"}} as c where c.role = 'champion')
),

errors as (
    select
        v.model_name,
        v.target,
        sum(e.n) as windows,
        sum(e.n * v.squared_error_then) / nullif(sum(e.n), 0) as squared_error_then,
        sum(e.sum_sq_error) / nullif(sum(e.n), 0) as squared_error_now
    from versions as v
    join {{ref "fact_model_evaluation"}} as e on e.model_key = v.model_key
    join {{ref "dim_target"}} as t on t.target_key = e.target_key and t.target_name = v.target
    cross join days as d
    where to_date(e.date_key::text, 'YYYYMMDD') > to_date(d.newest::text, 'YYYYMMDD') - 7
    group by
        v.model_name,
        v.target
),

final as (
    select
        model_name,
        windows,
        case target when 'occupied' then squared_error_then else sqrt(squared_error_then) end as error_then,
        case target when 'occupied' then squared_error_now else sqrt(squared_error_now) end as error_now
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
