-- run
create table "gold"."datacycle_m_cadbe9" as
select id, room, value, load_id
from "raw"."events";

-- upsert
select count(*) as inserted, 0 as updated
from "gold"."datacycle_m_cadbe9";

-- guard: unique_key of m is NULL in (id=NULL, room=a)
select "id", "room"
from "gold"."datacycle_m_cadbe9"
where "id" is null or "room" is null
limit 3;

-- run
alter table "gold"."datacycle_m_cadbe9"
    alter column "id" set not null,
    alter column "room" set not null;

-- run
alter table "gold"."datacycle_m_cadbe9"
    add constraint "m_id_room_key_9aedae" unique ("id", "room");

-- run
alter table "gold"."datacycle_m_cadbe9"
    add constraint "m_id_fkey_39d1bd" foreign key ("id") references "gold"."datacycle_m_cadbe9" ("id");

-- run
alter table "gold"."datacycle_m_cadbe9"
    enable row level security,
    force row level security;

-- run
create policy "datacycle_writes_55f3c09d" on "gold"."datacycle_m_cadbe9"
for all to "app"
using (datacycle.session_of('app'))
with check (datacycle.session_of('app'));

-- run
create policy "datacycle_reads_018d2adb" on "gold"."datacycle_m_cadbe9"
for select to "role_a"
using ("room" = 'kitchen'::text);

-- run
create policy "datacycle_reads_c0af041b" on "gold"."datacycle_m_cadbe9"
for select to "Role ""all"""
using ("room" = any (array['kitchen', 'o''clock room']::text[]));

-- run
do $do$
declare
    made record;
begin
    for made in
        select p.polname as name, 'datacycle ' || md5(concat_ws(' ', p.polcmd, p.polpermissive,
            (select string_agg(coalesce(r.rolname, 'public'), ' ' order by r.rolname)
                from unnest(p.polroles) as g (oid) left join pg_roles as r on r.oid = g.oid),
            pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))) as seal
        from pg_policy as p
        where p.polrelid = '"gold"."datacycle_m_cadbe9"'::regclass
            and p.polname in ('datacycle_writes_55f3c09d', 'datacycle_reads_018d2adb', 'datacycle_reads_c0af041b')
    loop
        execute format('comment on policy %I on "gold"."datacycle_m_cadbe9" is %L', made.name, made.seal);
    end loop;
end
$do$;

-- run
analyze "gold"."datacycle_m_cadbe9";

-- run
drop view "public"."by hand";

-- run
drop materialized view "gold"."m";

-- run
alter table "gold"."datacycle_m_cadbe9" rename to "m";

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
        where c.oid = '"gold"."m"'::regclass and g.grantee <> c.relowner
    loop
        execute 'revoke all on table ' || '"gold"."m"' || ' from ' || other;
    end loop;
end
$do$;

-- run
grant select on table "gold"."m" to "power bi" with grant option;

-- run
grant select on table "gold"."m" to public;

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
