-- run
create temporary table "datacycle_new" on commit drop as
select id, room, value, load_id
from "raw"."events";

-- run
analyze pg_temp."datacycle_new";

-- guard: unique_key of m is NULL in (id=NULL, room=a)
select "id", "room"
from pg_temp."datacycle_new"
where "id" is null or "room" is null
limit 3;

-- guard: unique_key of m is not unique: (id=NULL, room=a)
select "id", "room", count(*) as row_count
from pg_temp."datacycle_new"
group by "id", "room"
having count(*) > 1
limit 3;

-- run
alter table "public"."m"
    alter column "id" type integer using "id"::integer,
    add column "load_id" bigint,
    drop column "Größe";

-- run, counts deleted
delete from "public"."m" as t
where not exists (select from pg_temp."datacycle_new" as n where t."id" = n."id" and t."room" = n."room");

-- run, counts updated
update "public"."m" as t
set "room" = n."room",
    "value" = n."value",
    "load_id" = n."load_id"
from pg_temp."datacycle_new" as n
where t."id" = n."id" and t."room" = n."room"
    and record_image_ne(row(t."room", t."value"), row(n."room", n."value"));

-- run, counts inserted
insert into "public"."m" ("id", "room", "value", "load_id")
select "id", "room", "value", "load_id"
from pg_temp."datacycle_new" as n
where not exists (select from "public"."m" as t where t."id" = n."id" and t."room" = n."room");
