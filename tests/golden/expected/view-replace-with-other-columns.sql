-- run
drop view "public"."m";

-- run
create view "public"."m" with (security_invoker = true) as
select id, room, value, load_id
from "raw"."events";

-- run
grant select on table "public"."m" to "power bi" with grant option;

-- run
grant select on table "public"."m" to public;
