-- run
alter table "public"."m"
    alter column "dbt_valid_from" set not null;

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
set "dbt_valid_to" = greatest(timestamptz '2024-01-01T00:00:00.000Z', s."dbt_valid_from")
from pg_temp."datacycle_new" as n
where s."id" = n."id"
    and coalesce(s."dbt_valid_to", '9999-12-31 00:00:00+00') = '9999-12-31 00:00:00+00'
    and record_image_ne(row(s."room"), row(n."room"));

-- run, counts inserted
insert into "public"."m" ("id", "room", "value", "load_id", "dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to")
select
    n."id",
    n."room",
    n."value",
    n."load_id",
    md5(jsonb_build_array(n."id", greatest(timestamptz '2024-01-01T00:00:00.000Z', (select max(o."dbt_valid_to") from "public"."m" as o where o."id" = n."id")), (select count(*) from "public"."m" as o where o."id" = n."id"))::text),
    timestamptz '2024-01-01T00:00:00.000Z',
    greatest(timestamptz '2024-01-01T00:00:00.000Z', (select max(o."dbt_valid_to") from "public"."m" as o where o."id" = n."id")),
    '9999-12-31 00:00:00+00'::timestamp with time zone
from pg_temp."datacycle_new" as n
where not exists (select from "public"."m" as s where s."id" = n."id" and coalesce(s."dbt_valid_to", '9999-12-31 00:00:00+00') = '9999-12-31 00:00:00+00');

-- run, counts updated
update "public"."m" as s
set "dbt_valid_to" = greatest(timestamptz '2024-01-01T00:00:00.000Z', s."dbt_valid_from")
where coalesce(s."dbt_valid_to", '9999-12-31 00:00:00+00') = '9999-12-31 00:00:00+00'
    and not exists (select from pg_temp."datacycle_new" as n where s."id" = n."id");
