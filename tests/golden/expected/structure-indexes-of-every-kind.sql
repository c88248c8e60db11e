-- run
create table "public"."m" as
select id, room, value, load_id
from "raw"."events";

-- upsert
select count(*) as inserted, 0 as updated
from "public"."m";

-- guard: unique_key of m is NULL in (id=NULL, room=a)
select "id", "room"
from "public"."m"
where "id" is null or "room" is null
limit 3;

-- run
alter table "public"."m"
    alter column "id" set not null,
    alter column "room" set not null;

-- run
alter table "public"."m"
    add constraint "m_id_room_key_9aedae" unique ("id", "room");

-- run
create index "by_text" on "public"."m" using btree ("id", (value::text));

-- run
create unique index "m_expr_idx_f9ae17" on "public"."m" using btree ((lower(room)));

-- run
create index "m_load_id_idx_a29349" on "public"."m" using brin ("load_id");

-- run
create index "m_room_idx_c7430f" on "public"."m" using btree ("room") include ("value", "load_id") where value > 0;

-- run
analyze "public"."m";
