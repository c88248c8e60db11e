-- run
create table "public"."datacycle_m_cadbe9" as
select id, room, value, load_id
from "raw"."events";

-- upsert
select count(*) as inserted, 0 as updated
from "public"."datacycle_m_cadbe9";

-- run
analyze "public"."datacycle_m_cadbe9";

-- run
drop view "public"."m";

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

-- run
grant select on table "public"."m" to "power bi" with grant option;

-- run
grant select on table "public"."m" to public;
