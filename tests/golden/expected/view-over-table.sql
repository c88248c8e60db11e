-- run
drop table "public"."m";

-- run
create view "public"."m" with (security_invoker = true) as
select id, room, value, load_id
from "raw"."events";
