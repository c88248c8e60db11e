-- dbt: unique_combination_of_columns_readings_id__room
select "id", "room", count(*) as n_records
from "public"."readings"
group by "id", "room"
having count(*) > 1;
