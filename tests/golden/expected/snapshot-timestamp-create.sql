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

-- guard: updated_at of m, "at", is NULL where id=null, room=a
select "id", "room"
from pg_temp."datacycle_new"
where "at" is null
limit 3;

-- run
create table "public"."m" as
select
    n."id" as "id",
    n."room" as "room",
    n."value" as "value",
    n."load_id" as "load_id",
    n."at" as "at",
    md5(jsonb_build_array(n."id", n."room", n."at", 0)::text) as "dbt_scd_id",
    n."at" as "dbt_updated_at",
    n."at" as "dbt_valid_from",
    null::timestamp without time zone as "dbt_valid_to"
from pg_temp."datacycle_new" as n;

-- upsert
select count(*) as inserted, 0 as updated
from "public"."m";

-- run
alter table "public"."m"
    alter column "id" set not null,
    alter column "room" set not null,
    alter column "dbt_valid_from" set not null;

-- run
alter table "public"."m"
    add constraint "m_dbt_scd_id_key_9f0f3e" unique ("dbt_scd_id");

-- run
create unique index "m_id_room_idx_42bdeb" on "public"."m" using btree ("id", "room") where "dbt_valid_to" is null;

-- run
analyze "public"."m";
