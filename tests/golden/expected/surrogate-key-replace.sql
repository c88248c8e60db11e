-- run
insert into datacycle.surrogate_key (model, natural_key, key)
select 'm', jsonb_build_array(t."room")::text, t."room_key"
from "public"."m" as t
on conflict do nothing;

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
with missing as materialized (
    select *
    from (
        select jsonb_build_array(r."room")::text as natural_key, "room"
        from pg_temp."datacycle_raw" as r
    ) as missing
    where not exists (
        select from datacycle.surrogate_key as known
        where known.model = 'm' and known.natural_key = missing.natural_key
    )
),

respelt as (
    update datacycle.surrogate_key as known
    set natural_key = m.natural_key
    from missing as m
    join "public"."m" as t on t."room" = m."room"
    where known.model = 'm' and known.key = t."room_key"
    returning known.natural_key
)

insert into datacycle.surrogate_key (model, natural_key, key)
select 'm', missing.natural_key,
    coalesce((select max(key) from datacycle.surrogate_key where model = 'm'), 0) + row_number() over (order by "room")
from missing
where not exists (select from respelt where respelt.natural_key = missing.natural_key);

-- run
create temporary table "datacycle_new" on commit drop as
select known.key as "room_key", r.*
from pg_temp."datacycle_raw" as r
join datacycle.surrogate_key as known on known.model = 'm' and known.natural_key = jsonb_build_array(r."room")::text;

-- run
analyze pg_temp."datacycle_new";

-- run, counts deleted
delete from "public"."m" as t
where not exists (select from pg_temp."datacycle_new" as n where t."room" = n."room");

-- run, counts updated
update "public"."m" as t
set "room_key" = n."room_key",
    "room" = n."room",
    "floor" = n."floor"
from pg_temp."datacycle_new" as n
where t."room" = n."room"
    and record_image_ne(row(t."room_key", t."room", t."floor"), row(n."room_key", n."room", n."floor"));

-- run, counts inserted
insert into "public"."m" ("room_key", "room", "floor")
select "room_key", "room", "floor"
from pg_temp."datacycle_new" as n
where not exists (select from "public"."m" as t where t."room" = n."room");
