-- dbt: not_empty_string_readings_id
select *
from "public"."readings"
where btrim("id") = '';
