-- dbt: unique_readings_id
select "id", count(*) as n_records
from (select * from "public"."readings" where value > 0) as "readings"
where "id" is not null
group by "id"
having count(*) > 1;
