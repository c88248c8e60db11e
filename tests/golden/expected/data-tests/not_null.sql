-- dbt: not_null_readings_id
select *
from "public"."readings"
where "id" is null;
