-- run
create temporary table "datacycle_new" on commit drop as
select room, floor from "raw"."events";

-- run
analyze pg_temp."datacycle_new";

-- guard: unique_key of m is NULL in (room=a)
select "room"
from pg_temp."datacycle_new"
where "room" is null
limit 3;

-- guard: unique_key of m is not unique: (room=a)
select "room", count(*) as row_count
from pg_temp."datacycle_new"
group by "room"
having count(*) > 1
limit 3;

-- run
create table "public"."datacycle_m_cadbe9" as
select
    n."room" as "room",
    n."floor" as "floor",
    md5(jsonb_build_array(n."room", timestamptz '2024-01-01T00:00:00.000Z', 0)::text) as "dbt_scd_id",
    timestamptz '2024-01-01T00:00:00.000Z' as "dbt_updated_at",
    timestamptz '2024-01-01T00:00:00.000Z' as "dbt_valid_from",
    null::timestamp with time zone as "dbt_valid_to"
from pg_temp."datacycle_new" as n;

-- upsert
select count(*) as inserted, 0 as updated
from "public"."datacycle_m_cadbe9";

-- run
alter table "public"."datacycle_m_cadbe9"
    alter column "room" set not null,
    alter column "dbt_valid_from" set not null;

-- run
alter table "public"."datacycle_m_cadbe9"
    add constraint "m_dbt_scd_id_key_9f0f3e" unique ("dbt_scd_id");

-- run
create unique index "m_room_idx_81b26e" on "public"."datacycle_m_cadbe9" using btree ("room") where "dbt_valid_to" is null;

-- run
analyze "public"."datacycle_m_cadbe9";

-- run
drop table "public"."m";

-- run
alter table "public"."datacycle_m_cadbe9" rename to "m";

-- run
do $do$
declare
    other text;
begin
    for other in
        select distinct coalesce(quote_ident(r.rolname), 'public')
        from pg_class as c
        cross join aclexplode(c.relacl) as g
        left join pg_roles as r on r.oid = g.grantee
        where c.oid = '"public"."m"'::regclass and g.grantee <> c.relowner
    loop
        execute 'revoke all on table ' || '"public"."m"' || ' from ' || other;
    end loop;
end
$do$;
