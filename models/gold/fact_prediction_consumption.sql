{{config materialized="view"}}

with predictions as (
    select * from {{ref "fact_prediction"}}
    where coalesce(role, 'champion') = 'champion'
),

targets as (
    select * from {{ref "dim_target"}}
    where target_name in ('consumption', 'mean_power_w')
),

final as (
    select distinct on (a.apartment_id, r.room_name, d.timestamp_utc, m.model_name)
        a.apartment_id as apartment,
        r.room_name as room,
        m.model_name,
        'Consumption' as target,
        p.predicted_value as predicted_consumption,
        p.predicted_value as predicted_power_w,
        p.actual_value as actual_power,
        d.timestamp_utc at time zone 'UTC' as timestamp_rounded,
        p.run_at as prediction_made_at
    from predictions as p
    join targets as t on t.target_key = p.target_key
    join {{ref "dim_datetime"}} as d on d.datetime_key = p.datetime_key
    join {{ref "dim_apartment"}} as a on a.apartment_key = p.apartment_key
    join {{ref "dim_room"}} as r on r.room_key = p.room_key
    join {{ref "dim_model"}} as m on m.model_key = p.model_key
    order by
        a.apartment_id,
        r.room_name,
        d.timestamp_utc,
        m.model_name,
        p.horizon_minutes,
        p.run_at desc nulls last,
        p.model_key desc
)

select
    apartment,
    room,
    model_name,
    target,
    predicted_consumption,
    predicted_power_w,
    actual_power,
    timestamp_rounded,
    prediction_made_at
from final
