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
create table "public"."datacycle_m_cadbe9" (like pg_temp."datacycle_new");

-- run
insert into "public"."datacycle_m_cadbe9" ("room", "floor")
select "room", "floor"
from "public"."m";

-- run
alter table "public"."datacycle_m_cadbe9"
    alter column "room" set not null;

-- run
analyze "public"."datacycle_m_cadbe9";

-- run, counts deleted
delete from "public"."datacycle_m_cadbe9" as t
using (
    select tableoid, ctid, row_number() over (partition by "room") as number
    from "public"."datacycle_m_cadbe9"
    where ("room") is not null
) as d
where d.number > 1
    and t.tableoid = d.tableoid
    and t.ctid = d.ctid;

-- run, counts deleted
delete from "public"."datacycle_m_cadbe9" as t
where not exists (select from pg_temp."datacycle_new" as n where t."room" = n."room");

-- run, counts updated
update "public"."datacycle_m_cadbe9" as t
set "room_key" = n."room_key",
    "room" = n."room",
    "floor" = n."floor"
from pg_temp."datacycle_new" as n
where t."room" = n."room"
    and record_image_ne(row(t."room_key", t."room", t."floor"), row(n."room_key", n."room", n."floor"));

-- run, counts inserted
insert into "public"."datacycle_m_cadbe9" ("room_key", "room", "floor")
select "room_key", "room", "floor"
from pg_temp."datacycle_new" as n
where not exists (select from "public"."datacycle_m_cadbe9" as t where t."room" = n."room");

-- run
alter table "public"."datacycle_m_cadbe9"
    alter column "room_key" set not null;

-- run
alter table "public"."datacycle_m_cadbe9"
    add constraint "m_room_key_fbe8ab" unique ("room");

-- run
alter table "public"."datacycle_m_cadbe9"
    add constraint "m_room_key_key_686f94" unique ("room_key");

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
