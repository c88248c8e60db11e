-- dbt: expression_is_true_readings_value_id
select *
from (select * from "public"."readings" where value is not null) as "readings"
where not (value >= id);
