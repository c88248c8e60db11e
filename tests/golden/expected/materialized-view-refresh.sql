-- refresh
refresh materialized view concurrently "public"."m";
-- otherwise: -- run
create temporary table "datacycle_new" on commit drop as
select id, room, value, load_id
from "raw"."events";
-- otherwise: -- guard: unique_key of m is not unique: (id=NULL)
select "id", count(*) as row_count
from pg_temp."datacycle_new"
group by "id"
having count(*) > 1
limit 3;

-- guard: unique_key of m is NULL in (id=NULL)
select "id"
from "public"."m"
where "id" is null
limit 3;
