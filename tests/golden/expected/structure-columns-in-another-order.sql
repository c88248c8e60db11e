-- run
lock table only "public"."m" in share update exclusive mode;

-- run
do $do$
begin
    if exists (
        select
        from pg_index
        where indrelid = '"public"."m"'::regclass
            and indexrelid = to_regclass('"public"."m_id_room_key_9aedae"')
    ) then
        alter index "public"."m_id_room_key_9aedae" rename to "datacycle_m_id_room_key_9aedae_31e97c";
    end if;
end
$do$;

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

-- run
create table "public"."datacycle_m_cadbe9" (like pg_temp."datacycle_new");

-- run
insert into "public"."datacycle_m_cadbe9" ("load_id", "id", "room")
select "load_id", "id"::integer, "room"
from "public"."m";

-- run
alter table "public"."datacycle_m_cadbe9"
    alter column "id" set not null;

-- run
alter table "public"."datacycle_m_cadbe9"
    alter column "room" set not null;

-- run
alter table "public"."datacycle_m_cadbe9"
    add constraint "m_id_room_key_9aedae" unique ("id", "room");

-- run
analyze "public"."datacycle_m_cadbe9";

-- run, counts deleted
delete from "public"."datacycle_m_cadbe9" as t
using (
    select tableoid, ctid, row_number() over (partition by "id", "room") as number
    from "public"."datacycle_m_cadbe9"
    where ("id", "room") is not null
) as d
where d.number > 1
    and t.tableoid = d.tableoid
    and t.ctid = d.ctid;

-- run, counts deleted
delete from "public"."datacycle_m_cadbe9" as t
where not exists (select from pg_temp."datacycle_new" as n where t."id" = n."id" and t."room" = n."room")
    and not exists (select from "public"."visit" as r where r."room" = t."room");

-- run, counts updated
update "public"."datacycle_m_cadbe9" as t
set "room" = n."room",
    "value" = n."value",
    "load_id" = n."load_id"
from pg_temp."datacycle_new" as n
where t."id" = n."id" and t."room" = n."room"
    and record_image_ne(row(t."room", t."value"), row(n."room", n."value"));

-- retained
select count(*) as retained
from "public"."datacycle_m_cadbe9" as t
where not exists (select from pg_temp."datacycle_new" as n where t."id" = n."id" and t."room" = n."room");

-- run, counts inserted
insert into "public"."datacycle_m_cadbe9" ("id", "room", "value", "load_id")
select "id", "room", "value", "load_id"
from pg_temp."datacycle_new" as n
where not exists (select from "public"."datacycle_m_cadbe9" as t where t."id" = n."id" and t."room" = n."room");

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
