-- run
drop table "public"."m";

-- run
create view "public"."m" as
select id, room, value, load_id
from "raw"."events";
