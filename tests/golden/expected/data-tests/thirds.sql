-- dbt: thirds
select *, 'it''s' as label
from (select * from "public"."own" where id > 1) as "own"
where "id" % 3 <> 0;
