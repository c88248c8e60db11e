-- Every prediction in silver is a fact, and every fact a prediction: counted by target and day.
with silver as (
    select
        target,
        {{> date_key date="(timestamp at time zone 'UTC')"}} as date_key,
        count(*) as row_count
    from {{ref "predictions"}}
    group by 1, 2
),

facts as (
    select
        t.target_name as target,
        f.date_key,
        count(*) as row_count
    from {{ref "fact_prediction"}} as f
    join {{ref "dim_target"}} as t on t.target_key = f.target_key
    group by 1, 2
)

select
    target,
    date_key,
    s.row_count as silver_rows,
    f.row_count as fact_rows
from silver as s
full join facts as f using (target, date_key)
where s.row_count is distinct from f.row_count
    and date_key >= {{> kept_since models="'predictions', 'fact_prediction'"}}
