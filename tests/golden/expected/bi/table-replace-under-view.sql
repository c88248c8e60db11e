-- run
create temporary table "datacycle_new" on commit drop as
select 1;

-- run
analyze pg_temp."datacycle_new";

-- run
drop view "bi"."The ""air""";

-- run
alter table "gold"."climate"
    alter column "minute_key" type integer using "minute_key"::integer,
    drop column "gone";

-- run
create view "bi"."The ""air""" with (security_invoker = true) as
select
    "minute_key" as "Minute key",
    case when "is_odd" then null else "co2" end as "CO2 (ppm)",
    "is_odd"
from "gold"."climate";

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
        where c.oid = '"bi"."The ""air"""'::regclass and g.grantee <> c.relowner
    loop
        execute 'revoke all on table ' || '"bi"."The ""air"""' || ' from ' || other;
    end loop;
end
$do$;

-- run
grant select on table "bi"."The ""air""" to "power bi";

-- run
comment on view "bi"."The ""air""" is 'by hand';

-- run
comment on column "bi"."The ""air"""."Minute key" is 'by hand';

-- run
comment on column "bi"."The ""air"""."CO2 (ppm)" is 'Empty where "is_odd" is true';

-- run
comment on column "bi"."The ""air"""."is_odd" is 'by hand';

-- run
delete from "gold"."climate"
where (
    (select count(*) from "gold"."climate" as t) <> (select count(*) from pg_temp."datacycle_new")
    or exists (
        select t."minute_key", float8send(t."co2"), t."is_odd" from "gold"."climate" as t
        except all
        select n."minute_key", float8send(n."co2"), n."is_odd" from pg_temp."datacycle_new" as n
    )
);

-- run
insert into "gold"."climate" ("minute_key", "co2", "is_odd")
select "minute_key", "co2", "is_odd"
from pg_temp."datacycle_new"
where not exists (select from "gold"."climate");
