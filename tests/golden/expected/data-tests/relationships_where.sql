-- dbt: relationships_where_readings_id__id__value_0__source_raw_events___kind_a_
select child.*
from (select * from "public"."readings" where value > 0) as child
left join (select * from "raw"."events" where kind = 'a') as parent on parent."id" = child."id"
where child."id" is not null and parent."id" is null;
