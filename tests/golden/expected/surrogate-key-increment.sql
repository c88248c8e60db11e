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

-- upsert
with merged as (
    insert into "public"."m" as t ("room_key", "room", "floor")
    select "room_key", "room", "floor"
    from pg_temp."datacycle_new"
    on conflict ("room") do update
    set "room_key" = excluded."room_key",
        "room" = excluded."room",
        "floor" = excluded."floor"
    where record_image_ne(row(t."room_key", t."room", t."floor"), row(excluded."room_key", excluded."room", excluded."floor"))
    returning (t.xmax = 0) as is_new
)
select count(*) filter (where is_new) as inserted, count(*) filter (where not is_new) as updated
from merged;
