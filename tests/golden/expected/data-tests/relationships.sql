-- dbt: relationships_readings_id__id__ref_rooms_
select child.*
from "public"."readings" as child
left join "seeds"."rooms" as parent on parent."id" = child."id"
where child."id" is not null and parent."id" is null;
