-- run
alter table "public"."m"
    add column "value" double precision,
    add column "load_id" bigint;

-- run
alter table "public"."m"
    alter column "dbt_valid_from" set not null;

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

-- run, counts updated
update "public"."m" as s
set "dbt_valid_to" = greatest(n."at", s."dbt_valid_from")
from pg_temp."datacycle_new" as n
where s."id" = n."id" and s."room" = n."room"
    and s."dbt_valid_to" is null
    and n."at" > s."dbt_updated_at";

-- run, counts inserted
insert into "public"."m" ("id", "room", "value", "load_id", "at", "dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to")
select
    n."id",
    n."room",
    n."value",
    n."load_id",
    n."at",
    md5(jsonb_build_array(n."id", n."room", case when (select max(o."dbt_valid_to") from "public"."m" as o where o."id" = n."id" and o."room" = n."room") >= n."at" and not exists (select from "public"."m" as o where o."id" = n."id" and o."room" = n."room" and o.xmin = pg_current_xact_id()::xid) then greatest((timestamptz '2024-01-01T00:00:00.000Z' at time zone 'UTC')::timestamp without time zone, (select max(o."dbt_valid_to") from "public"."m" as o where o."id" = n."id" and o."room" = n."room")) else greatest(n."at", (select max(o."dbt_valid_to") from "public"."m" as o where o."id" = n."id" and o."room" = n."room")) end, (select count(*) from "public"."m" as o where o."id" = n."id" and o."room" = n."room"))::text),
    n."at",
    case when (select max(o."dbt_valid_to") from "public"."m" as o where o."id" = n."id" and o."room" = n."room") >= n."at" and not exists (select from "public"."m" as o where o."id" = n."id" and o."room" = n."room" and o.xmin = pg_current_xact_id()::xid) then greatest((timestamptz '2024-01-01T00:00:00.000Z' at time zone 'UTC')::timestamp without time zone, (select max(o."dbt_valid_to") from "public"."m" as o where o."id" = n."id" and o."room" = n."room")) else greatest(n."at", (select max(o."dbt_valid_to") from "public"."m" as o where o."id" = n."id" and o."room" = n."room")) end,
    null::timestamp without time zone
from pg_temp."datacycle_new" as n
where not exists (select from "public"."m" as s where s."id" = n."id" and s."room" = n."room" and s."dbt_valid_to" is null);

-- run, counts updated
update "public"."m" as s
set "dbt_valid_to" = greatest((timestamptz '2024-01-01T00:00:00.000Z' at time zone 'UTC')::timestamp without time zone, s."dbt_valid_from")
where s."dbt_valid_to" is null
    and not exists (select from pg_temp."datacycle_new" as n where s."id" = n."id" and s."room" = n."room");
