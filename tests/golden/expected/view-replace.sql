-- run
create or replace view "public"."m" as
select id, room, value, load_id
from "raw"."events";
