-- dbt: sequential_values_readings_id__hour__room__1
select *
from (
    select "room", "id" as value, lag("id") over (partition by "room" order by "id") as previous_value
    from "public"."readings"
) as windowed
where not (value::timestamp = (previous_value + (1) * interval '1 hour')::timestamp);
