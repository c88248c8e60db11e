{{config materialized="incremental" unique_key="date_key, room_key, model_key, horizon_key, target_key"}}

with targets as (
    select * from {{ref "dim_target"}}
    where target_name in ('occupied', 'mean_power_w', 'energy_kwh_day', 'occupied_hours_day')
),

{{#incremental}}
{{> touched_evaluations}}
facts as (
    select
        f.*,
        t.date_key as local_date_key
    from touched as t
    cross join lateral (
        select
            {{> day_start key="t.date_key"}} as day_start,
            {{> day_end key="t.date_key"}} as day_end
    ) as d
    -- one look-up in the index each, whatever the planner believes about the number of days
    cross join lateral (
        select s.*
        from {{ref "fact_prediction"}} as s
        where s.room_key = t.room_key
            and s.datetime_key >= {{> minute_key instant="d.day_start"}}
            and s.datetime_key < {{> minute_key instant="d.day_end"}}
        offset 0
    ) as f
),
{{else}}
facts as (
    select
        f.*,
        {{> local_date_key instant="m.minute"}} as local_date_key
    from {{ref "fact_prediction"}} as f
    cross join lateral (
        select {{> minute_start key="f.datetime_key"}} as minute
    ) as m
),
{{/incremental}}

models as (
    select * from {{ref "dim_model"}}
),

-- What is compared with: the mean of the hour of the week, also where it predicts itself, and what others call a baseline.
judged as (
    select
        f.*,
        m.trained_at,
        f.predicted_value is not null and (f.role = 'baseline' or m.model_name like '%-hour-of-week') as is_baseline
    from facts as f
    join models as m on m.model_key = f.model_key
),

-- By a window, not by a join with itself: no estimate of the planner makes that slow.
beside_baselines as (
    select
        *,
        first_value(case when is_baseline then predicted_value end) over (
            partition by datetime_key, room_key, horizon_key, target_key
            order by
                is_baseline desc nulls last,
                trained_at desc nulls last,
                model_key desc
        ) as baseline_value
    from judged
),

compared as (
    select
        f.local_date_key as date_key,
        f.room_key,
        f.model_key,
        f.horizon_key,
        f.target_key,
        f.apartment_key,
        f.actual_value as actual,
        f.predicted_value as predicted,
        f.predicted_value - f.actual_value as error,
        f.baseline_value - f.actual_value as baseline_error,
        f.lower_value is not null and f.upper_value is not null as has_interval,
        f.actual_value between f.lower_value and f.upper_value as is_in_interval,
        case
            when t.target_name = 'occupied' and f.predicted_value between 0 and 1 and f.actual_value in (0, 1)
                then least(floor(f.predicted_value * 10), 9)
        end as bin,
        case when f.actual_value = 1 then f.predicted_value else 1 - f.predicted_value end as likelihood
    from beside_baselines as f
    join targets as t on t.target_key = f.target_key
    where f.actual_value is not null
        and f.predicted_value is not null
),

final as (
    select
        date_key,
        room_key,
        model_key,
        horizon_key,
        target_key,
        apartment_key,
        count(*)::integer as n,
        {{> order_free_sum value="error"}} as sum_error,
        {{> order_free_sum value="abs(error)"}} as sum_abs_error,
        {{> order_free_sum value="(error * error)"}} as sum_sq_error,
        {{> order_free_sum value="actual"}} as sum_actual,
        {{> order_free_sum value="predicted"}} as sum_predicted,
        {{> order_free aggregate="sum" value="(-ln(greatest(likelihood, 1e-15)))" condition="bin is not null"}} as sum_log_loss,
        (count(*) filter (where is_in_interval))::integer as n_in_interval,
        (count(*) filter (where has_interval))::integer as n_interval,
        count(baseline_error)::integer as n_baseline,
        {{> order_free aggregate="sum" value="(error * error)" condition="baseline_error is not null"}} as sum_sq_error_beside_baseline,
        {{> order_free_sum value="(baseline_error * baseline_error)"}} as sum_sq_error_baseline,
        {{#each (list 0 1 2 3 4 5 6 7 8 9) as |bin|}}
        (count(*) filter (where bin = {{bin}}))::integer as bin_{{bin}}_n,
        round(sum(predicted::numeric) filter (where bin = {{bin}}), 6)::double precision as bin_{{bin}}_predicted,
        (sum(actual) filter (where bin = {{bin}})) as bin_{{bin}}_actual{{#unless @last}},{{/unless}}
        {{/each}}
    from compared
    group by
        date_key,
        room_key,
        model_key,
        horizon_key,
        target_key,
        apartment_key
)

select
    date_key,
    room_key,
    model_key,
    horizon_key,
    target_key,
    apartment_key,
    n,
    sum_error,
    sum_abs_error,
    sum_sq_error,
    sum_actual,
    sum_predicted,
    sum_log_loss,
    n_in_interval,
    n_interval,
    n_baseline,
    sum_sq_error_beside_baseline,
    sum_sq_error_baseline,
    bin_0_n,
    bin_0_predicted,
    bin_0_actual,
    bin_1_n,
    bin_1_predicted,
    bin_1_actual,
    bin_2_n,
    bin_2_predicted,
    bin_2_actual,
    bin_3_n,
    bin_3_predicted,
    bin_3_actual,
    bin_4_n,
    bin_4_predicted,
    bin_4_actual,
    bin_5_n,
    bin_5_predicted,
    bin_5_actual,
    bin_6_n,
    bin_6_predicted,
    bin_6_actual,
    bin_7_n,
    bin_7_predicted,
    bin_7_actual,
    bin_8_n,
    bin_8_predicted,
    bin_8_actual,
    bin_9_n,
    bin_9_predicted,
    bin_9_actual
from final
