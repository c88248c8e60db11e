-- dbt: not_constant_readings_id__room
select "room", count(distinct "id") as filler_column
from "public"."readings"
group by "room"
having count(distinct "id") = 1;
