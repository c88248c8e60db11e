-- run
drop view "public"."by hand";

-- run
drop materialized view "public"."m";

-- run
create view "public"."m" with (security_invoker = true) as
select id, room, value, load_id
from "raw"."events";

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
