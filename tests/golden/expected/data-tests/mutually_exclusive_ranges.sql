-- dbt: mutually_exclusive_ranges_readings_not_allowed__value__room__coalesce_id_9_
select *
from (
    select "room", "value" as lower_bound, coalesce(id, 9) as upper_bound,
        lead("value") over (partition by "room" order by "value", coalesce(id, 9)) as next_lower_bound,
        row_number() over (partition by "room" order by "value" desc, coalesce(id, 9) desc) = 1 as is_last_record
    from "public"."readings"
) as ranges
where not (
    coalesce(lower_bound < upper_bound, false)
    and coalesce(upper_bound = next_lower_bound, is_last_record, false)
);
