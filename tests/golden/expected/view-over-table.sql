-- run
drop table "public"."m";

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
