{{config severity="warn"}}
-- Whatever predicts sends what can be read: rejected records that came since the newest load that brought a good one.
select
    reason,
    count(*) as record_count,
    min(raw_record) as example
from {{ref "prediction_rejects"}}
where load_id >= (select coalesce(max(p.load_id), 0) from {{ref "predictions"}} as p)
group by reason
