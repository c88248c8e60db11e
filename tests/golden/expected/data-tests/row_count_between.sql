-- dbt: row_count_between_readings_10__1
select count(*) as row_count
from "public"."readings"
having count(*) < 1 or count(*) > 10;
