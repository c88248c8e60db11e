{{config materialized="incremental" unique_key="date_key, room_key, model_key, horizon_key, target_key, bin"}}

with targets as (
    select * from {{ref "dim_target"}}
    where target_name = 'occupied'
),

{{#incremental}}
{{> touched_evaluations}}
evaluations as (
    select e.*
    from touched as t
    -- one look-up in the index each, whatever the planner believes about the number of days
    cross join lateral (
        select s.*
        from {{ref "fact_model_evaluation"}} as s
        where s.room_key = t.room_key
            and s.date_key = t.date_key
        offset 0
    ) as e
),
{{else}}
evaluations as (
    select * from {{ref "fact_model_evaluation"}}
),
{{/incremental}}

final as (
    select
        e.date_key,
        e.room_key,
        e.model_key,
        e.horizon_key,
        e.target_key,
        b.bin,
        e.apartment_key,
        b.bin * 10 || '–' || (b.bin + 1) * 10 || ' %' as bin_name,
        b.n,
        b.sum_predicted,
        b.sum_actual
    from evaluations as e
    join targets as t on t.target_key = e.target_key
    -- Also those without a window: one that moves to another range leaves a row behind.
    cross join lateral (
        values
            {{#each (list 0 1 2 3 4 5 6 7 8 9) as |bin|}}
            ({{bin}}, e.bin_{{bin}}_n, e.bin_{{bin}}_predicted, e.bin_{{bin}}_actual){{#unless @last}},{{/unless}}
            {{/each}}
    ) as b (bin, n, sum_predicted, sum_actual)
)

select
    date_key,
    room_key,
    model_key,
    horizon_key,
    target_key,
    bin,
    apartment_key,
    bin_name,
    n,
    sum_predicted,
    sum_actual
from final
