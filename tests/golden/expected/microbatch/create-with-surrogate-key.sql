-- run
create temporary table "datacycle_raw" on commit drop as
select * from events;

-- guard: unique_key of m is NULL in (id=NULL) in 2 rows
select "id"
from pg_temp."datacycle_raw"
where "id" is null
limit 3;

-- guard: unique_key of m is not unique: (id=NULL) is duplicated in 2 rows
select "id", count(*) as row_count
from pg_temp."datacycle_raw"
group by "id"
having count(*) > 1
limit 3;

-- run
insert into datacycle.surrogate_key (model, natural_key, key)
select 'm', missing.natural_key,
    coalesce((select max(key) from datacycle.surrogate_key where model = 'm'), 0) + row_number() over (order by "id")
from (
    select jsonb_build_array(r."id")::text as natural_key, "id"
    from pg_temp."datacycle_raw" as r
) as missing
where not exists (
    select from datacycle.surrogate_key as known
    where known.model = 'm' and known.natural_key = missing.natural_key
);

-- run
create temporary table "datacycle_new" on commit drop as
select known.key as "key", r.*
from pg_temp."datacycle_raw" as r
join datacycle.surrogate_key as known on known.model = 'm' and known.natural_key = jsonb_build_array(r."id")::text;

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
    alter column "key" set not null,
    alter column "id" set not null;

-- run
alter table "public"."m"
    add constraint "m_id_key_cf6ab3" unique ("id");

-- run
alter table "public"."m"
    add constraint "m_key_key_37f964" unique ("key");

-- run
analyze "public"."m";

-- guard: m makes rows that are not of the batch 2023-10-29: at=NULL (2)
select "at"::text as at, count(*) as row_count
from "public"."m" as n
where (n."at" >= timestamptz '2023-10-28T22:00:00Z' and n."at" < timestamptz '2023-10-29T23:00:00Z') is not true
group by "at"
order by "at"
limit 3;
