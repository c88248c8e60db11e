-- run
do $do$
begin
    if exists (select from pg_constraint where conname = 'm_id_key_31b1b2' and conrelid = '"public"."m"'::regclass) then
        alter table "public"."m" drop constraint "m_id_key_31b1b2";
    else
        drop index if exists "public"."m_id_key_31b1b2";
    end if;
end
$do$;

-- run
do $do$
begin
    if exists (select from pg_constraint where conname = 'by_room' and conrelid = '"public"."m"'::regclass) then
        alter table "public"."m" drop constraint "by_room";
    else
        drop index if exists "public"."by_room";
    end if;
end
$do$;

-- run
alter table "public"."m"
    add constraint "m_id_key_cf6ab3" unique ("id");

-- run
create index "by_room" on "public"."m" using btree ("room", "value");

-- run
create temporary table "datacycle_new" on commit drop as
select id, room, value, load_id
from "raw"."events"
where load_id > 41;

-- run
analyze pg_temp."datacycle_new";

-- guard: unique_key of m is NULL in (id=NULL)
select "id"
from pg_temp."datacycle_new"
where "id" is null
limit 3;

-- guard: unique_key of m is not unique: (id=NULL)
select "id", count(*) as row_count
from pg_temp."datacycle_new"
group by "id"
having count(*) > 1
limit 3;

-- upsert
with merged as (
    insert into "public"."m" as t ("id", "room", "value", "load_id")
    select "id", "room", "value", "load_id"
    from pg_temp."datacycle_new"
    on conflict ("id") do update
    set "room" = excluded."room",
        "value" = excluded."value",
        "load_id" = excluded."load_id"
    where record_image_ne(row(t."room", t."value"), row(excluded."room", excluded."value"))
    returning (t.xmax = 0) as is_new
)
select count(*) filter (where is_new) as inserted, count(*) filter (where not is_new) as updated
from merged;
