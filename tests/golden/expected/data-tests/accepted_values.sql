-- dbt: accepted_values_readings_id__a__it_s__None
select "id", count(*) as n_records
from "public"."readings"
where "id" not in ('a', 'it''s')
group by "id";
