-- dbt: recency_readings_day__at__2
select *
from (
    select max("at") as most_recent, (now() - (2) * interval '1 day')::timestamp as threshold
    from "public"."readings"
) as recency
where most_recent < threshold;
