-- run
do $do$
begin
    if exists (
        select
        from pg_index
        where indrelid = '"public"."m"'::regclass
            and indexrelid = to_regclass('"public"."m_id_idx_19e23c"')
    ) then
        alter index "public"."m_id_idx_19e23c" rename to "datacycle_m_id_idx_19e23c_630438";
    end if;
end
$do$;

-- run
create materialized view "public"."datacycle_m_cadbe9" as
select id, room, value, load_id
from "raw"."events"
with data;

-- upsert
select
    (select count(*) from (select n."id", n."room" collate "C", float8send(n."value"), n."load_id" from "public"."datacycle_m_cadbe9" as n except all select t."id", t."room" collate "C", float8send(t."value"), t."load_id" from "public"."m" as t) as added) as inserted,
    0 as updated,
    (select count(*) from (select t."id", t."room" collate "C", float8send(t."value"), t."load_id" from "public"."m" as t except all select n."id", n."room" collate "C", float8send(n."value"), n."load_id" from "public"."datacycle_m_cadbe9" as n) as gone) as deleted;

-- guard: unique_key of m is NULL in (id=NULL)
select "id"
from "public"."datacycle_m_cadbe9"
where "id" is null
limit 3;

-- guard: unique_key of m is not unique: (id=NULL)
select "id", count(*) as row_count
from "public"."datacycle_m_cadbe9"
group by "id"
having count(*) > 1
limit 3;

-- run
create unique index "m_id_idx_19e23c" on "public"."datacycle_m_cadbe9" using btree ("id");

-- run
analyze "public"."datacycle_m_cadbe9";

-- run
drop view "public"."by hand";

-- run
drop materialized view "public"."m";

-- run
alter materialized view "public"."datacycle_m_cadbe9" rename to "m";

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

-- run
grant select on table "public"."m" to "power bi" with grant option;

-- run
grant select on table "public"."m" to public;

-- run
create view "public"."by hand" with (security_barrier = true, check_option = local, odd = 'a b') as
 SELECT id,
    room
   FROM m;

-- run
alter view "public"."by hand" alter column "room" set default 'kitchen'::text;

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
        where c.oid = '"public"."by hand"'::regclass and g.grantee <> c.relowner
    loop
        execute 'revoke all on table ' || '"public"."by hand"' || ' from ' || other;
    end loop;
end
$do$;

-- run
grant select on table "public"."by hand" to "power bi";

-- run
grant update ("room") on table "public"."by hand" to public;

-- run
comment on view "public"."by hand" is 'Look at me';

-- run
comment on column "public"."by hand"."id" is 'the room''s';
