-- run
do $do$
begin
    if exists (select from pg_constraint where conname = 'm_id_idx_aaaaaa' and conrelid = '"public"."m"'::regclass) then
        alter table "public"."m" drop constraint "m_id_idx_aaaaaa";
    else
        drop index if exists "public"."m_id_idx_aaaaaa";
    end if;
end
$do$;

-- refresh
refresh materialized view concurrently "public"."m";
-- otherwise: -- run
create temporary table "datacycle_new" on commit drop as
select id, room, value, load_id
from "raw"."events";
-- otherwise: -- guard: unique_key of m is not unique: (id=NULL)
select "id", count(*) as row_count
from pg_temp."datacycle_new"
group by "id"
having count(*) > 1
limit 3;

-- guard: unique_key of m is NULL in (id=NULL)
select "id"
from "public"."m"
where "id" is null
limit 3;

-- run
create unique index "m_id_idx_19e23c" on "public"."m" using btree ("id");

-- run
create index "m_room_idx_257ee4" on "public"."m" using btree ("room");
