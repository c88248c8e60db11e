-- run
alter table "public"."m"
    add column "dbt_scd_id" text,
    add column "dbt_updated_at" timestamp with time zone,
    add column "dbt_is_deleted" boolean;

-- run
alter table "public"."m"
    alter column "since" set not null;

-- run
create temporary table "datacycle_new" on commit drop as
select id, room, value, load_id
from "raw"."events";

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

-- run, counts updated
update "public"."m" as s
set "until" = greatest(timestamptz '2024-01-01T00:00:00.000Z', s."since")
from pg_temp."datacycle_new" as n
where s."id" = n."id"
    and s."until" is null
    and (record_image_ne(row(s."room", s."value", s."load_id"), row(n."room", n."value", n."load_id")) or s."dbt_is_deleted" is true);

-- run, counts inserted
insert into "public"."m" ("id", "room", "value", "load_id", "dbt_scd_id", "dbt_updated_at", "since", "until", "dbt_is_deleted")
select
    n."id",
    n."room",
    n."value",
    n."load_id",
    md5(jsonb_build_array(n."id", greatest(timestamptz '2024-01-01T00:00:00.000Z', (select max(o."until") from "public"."m" as o where o."id" = n."id")), (select count(*) from "public"."m" as o where o."id" = n."id"))::text),
    timestamptz '2024-01-01T00:00:00.000Z',
    greatest(timestamptz '2024-01-01T00:00:00.000Z', (select max(o."until") from "public"."m" as o where o."id" = n."id")),
    null::timestamp with time zone,
    false
from pg_temp."datacycle_new" as n
where not exists (select from "public"."m" as s where s."id" = n."id" and s."until" is null);

-- run, counts inserted
with closed as (
    update "public"."m" as s
    set "until" = greatest(timestamptz '2024-01-01T00:00:00.000Z', s."since")
    where s."until" is null
        and s."dbt_is_deleted" is not true
        and not exists (select from pg_temp."datacycle_new" as n where s."id" = n."id")
    returning s.*
)
insert into "public"."m" ("id", "room", "value", "load_id", "dbt_scd_id", "dbt_updated_at", "since", "until", "dbt_is_deleted")
select c."id", c."room", c."value", c."load_id", md5(jsonb_build_array(c."id", c."until", (select count(*) from "public"."m" as o where o."id" = c."id"))::text), timestamptz '2024-01-01T00:00:00.000Z', c."until", null, true
from closed as c;
