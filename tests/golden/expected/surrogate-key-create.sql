-- run
create temporary table "datacycle_raw" on commit drop as
select room, floor from "raw"."events";

-- guard: unique_key of m is NULL in (room=a)
select "room"
from pg_temp."datacycle_raw"
where "room" is null
limit 3;

-- guard: unique_key of m is not unique: (room=a)
select "room", count(*) as row_count
from pg_temp."datacycle_raw"
group by "room"
having count(*) > 1
limit 3;

-- run
insert into datacycle.surrogate_key (model, natural_key, key)
select 'm', missing.natural_key,
    coalesce((select max(key) from datacycle.surrogate_key where model = 'm'), 0) + row_number() over (order by "room")
from (
    select jsonb_build_array(r."room")::text as natural_key, "room"
    from pg_temp."datacycle_raw" as r
) as missing
where not exists (
    select from datacycle.surrogate_key as known
    where known.model = 'm' and known.natural_key = missing.natural_key
);

-- run
create temporary table "datacycle_new" on commit drop as
select known.key as "room_key", r.*
from pg_temp."datacycle_raw" as r
join datacycle.surrogate_key as known on known.model = 'm' and known.natural_key = jsonb_build_array(r."room")::text;

-- run
analyze pg_temp."datacycle_new";

-- run
create table "public"."m" as
select * from pg_temp."datacycle_new";

-- upsert
select count(*) as inserted, 0 as updated
from "public"."m";

-- run
alter table "public"."m"
    alter column "room_key" set not null,
    alter column "room" set not null;

-- run
alter table "public"."m"
    add constraint "m_room_key_fbe8ab" unique ("room");

-- run
alter table "public"."m"
    add constraint "m_room_key_key_686f94" unique ("room_key");

-- run
analyze "public"."m";
