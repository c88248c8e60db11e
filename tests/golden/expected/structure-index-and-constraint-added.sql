-- run
create temporary table "datacycle_new" on commit drop as
select id, room, value, load_id
from "raw"."events";

-- run
analyze pg_temp."datacycle_new";

-- run, counts deleted
delete from "public"."m"
where (
    (select count(*) from "public"."m" as t) <> (select count(*) from pg_temp."datacycle_new")
    or exists (
        select t."id", t."room" collate "C", float8send(t."value"), t."load_id" from "public"."m" as t
        except all
        select n."id", n."room" collate "C", float8send(n."value"), n."load_id" from pg_temp."datacycle_new" as n
    )
);

-- run, counts inserted
insert into "public"."m" ("id", "room", "value", "load_id")
select "id", "room", "value", "load_id"
from pg_temp."datacycle_new"
where not exists (select from "public"."m");

-- run
alter table "public"."m"
    alter column "value" set not null,
    alter column "id" set not null;

-- run
alter table "public"."m"
    add constraint "m_pkey_103d04" primary key ("id");

-- run
alter table "public"."m"
    add constraint "m_room_value_key_5cb6cd" unique ("room", "value");

-- run
create index "m_room_idx_257ee4" on "public"."m" using btree ("room");

-- run
alter table "public"."m"
    add constraint "load_is_positive" check (load_id > 0);

-- run
alter table "public"."m"
    add constraint "m_check_5f7979" check (value >= 0);

-- run
alter table "public"."m"
    add constraint "m_room_fkey_21506a" foreign key ("room") references "seeds"."rooms" ("room");
