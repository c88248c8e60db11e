-- What presence is compared with is what fact_presence_minute has now: filled in, however late the readings came.
select
    f.datetime_key,
    f.room_key,
    f.actual_value,
    p.presence_flag
from {{ref "fact_prediction"}} as f
join {{ref "dim_target"}} as t on t.target_key = f.target_key
left join {{ref "fact_presence_minute"}} as p
    on p.datetime_key = f.datetime_key
    and p.room_key = f.room_key
where t.target_name = 'presence'
    and f.date_key >= {{> kept_since models="'fact_presence_minute'"}}
    and f.actual_value is distinct from p.presence_flag::integer
