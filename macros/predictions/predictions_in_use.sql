{{! For each apartment, room, time and model what the model in use, or one without a role, predicted with the shortest lead and last: the body of
    a CTE, with apartment, room, model_name, predicted_value, predicted_class, actual_value, timestamp_rounded (UTC) and prediction_made_at.
    targets: their names, as a list in SQL. }}
select distinct on (a.apartment_id, r.room_name, d.timestamp_utc, m.model_name)
    a.apartment_id as apartment,
    r.room_name as room,
    m.model_name,
    p.predicted_value,
    p.predicted_class,
    p.actual_value,
    d.timestamp_utc at time zone 'UTC' as timestamp_rounded,
    p.run_at as prediction_made_at
from {{ref "fact_prediction"}} as p
join {{ref "dim_target"}} as t on t.target_key = p.target_key
join {{ref "dim_datetime"}} as d on d.datetime_key = p.datetime_key
join {{ref "dim_apartment"}} as a on a.apartment_key = p.apartment_key
join {{ref "dim_room"}} as r on r.room_key = p.room_key
join {{ref "dim_model"}} as m on m.model_key = p.model_key
where coalesce(p.role, 'champion') = 'champion'
    and t.target_name in ({{targets}})
order by
    a.apartment_id,
    r.room_name,
    d.timestamp_utc,
    m.model_name,
    p.horizon_minutes,
    p.run_at desc nulls last,
    p.model_key desc
