-- run
create table "public"."m" as
select id, room, value, load_id
from "raw"."events";

-- upsert
select count(*) as inserted, 0 as updated
from "public"."m";

-- run
analyze "public"."m";
