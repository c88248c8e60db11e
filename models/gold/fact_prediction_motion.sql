{{config materialized="view"}}

with predictions as (
    select * from {{ref "fact_prediction"}}
    where coalesce(role, 'champion') = 'champion'
),

targets as (
    select * from {{ref "dim_target"}}
    where target_name in ('presence', 'occupied')
),

final as (
    select distinct on (a.apartment_id, r.room_name, d.timestamp_utc, m.model_name)
        a.apartment_id as apartment,
        r.room_name as room,
        m.model_name,
        'Presence' as target,
        coalesce(
            (p.predicted_value >= 0.5)::integer,
            (lower(p.predicted_class) in ('present', 'presence', 'occupied', 'yes', 'true', '1'))::integer
        ) as predicted_occupied,
        p.actual_value::integer as actual_occupied,
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
    predicted_occupied,
    actual_occupied,
    timestamp_rounded,
    prediction_made_at
from final
