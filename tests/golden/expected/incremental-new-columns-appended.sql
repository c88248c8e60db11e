-- run
alter table "public"."m"
    add column "value" double precision;

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
