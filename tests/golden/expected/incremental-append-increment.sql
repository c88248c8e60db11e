-- run
create temporary table "datacycle_new" on commit drop as
select id, room, value, load_id
from "raw"."events"
where load_id > 41;

-- run
analyze pg_temp."datacycle_new";

-- run, counts inserted
insert into "public"."m" as t ("id", "room", "value", "load_id")
select "id", "room", "value", "load_id"
from pg_temp."datacycle_new";
