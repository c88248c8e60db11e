-- dbt: accepted_range_readings_id__False__value_1__0
select *
from "public"."readings"
where (not ("id" > 0) or not ("id" < value + 1));
