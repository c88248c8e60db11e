-- run
create or replace view "public"."m" with (security_invoker = true) as
select id, room, value, load_id
from "raw"."events";
