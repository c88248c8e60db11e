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
    alter column "room" set not null,
    alter column "value" set not null;

-- run
alter table "public"."m"
    add constraint "m_pkey_103d04" primary key ("id");

-- run
alter table "public"."m"
    add constraint "m_id_room_key_9aedae" unique ("id", "room");

-- run
alter table "public"."m"
    add constraint "m_room_value_key_5cb6cd" unique ("room", "value");

-- run
create unique index "m_id_idx_19e23c" on "public"."m" using btree ("id");

-- run
create index "m_load_id_idx_a29349" on "public"."m" using brin ("load_id");

-- run
create index "m_room_value_idx_d2385e" on "public"."m" using btree ("room", "value");

-- run
alter table "public"."m"
    add constraint "load_is_positive" check (load_id > 0);

-- run
alter table "public"."m"
    add constraint "m_check_5f7979" check (value >= 0);

-- run
alter table "public"."m"
    add constraint "m_room_fkey_21506a" foreign key ("room") references "seeds"."rooms" ("room");

-- run
analyze "public"."m";
