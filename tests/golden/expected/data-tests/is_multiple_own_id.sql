-- dbt: is_multiple_own_id
select *
from "public"."own"
where "id" % 2 <> 0;
