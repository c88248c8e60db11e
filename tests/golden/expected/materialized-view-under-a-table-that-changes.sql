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
drop view "public"."by hand";

-- run
drop materialized view "public"."totals";

-- run
alter table "public"."m"
    alter column "id" type integer using "id"::integer;

-- run
create materialized view "public"."totals" as
 SELECT id,
    room
   FROM m
with no data;

-- run
CREATE UNIQUE INDEX totals_id ON public.totals USING btree (id);

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
        where c.oid = '"public"."totals"'::regclass and g.grantee <> c.relowner
    loop
        execute 'revoke all on table ' || '"public"."totals"' || ' from ' || other;
    end loop;
end
$do$;

-- run
grant select on table "public"."totals" to "power bi";

-- run
comment on materialized view "public"."totals" is 'Sums';

-- run
update datacycle.model set generation = generation + 1, rows_version = rows_version + 1, upstream_shape = null where model = 'totals';

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

-- run, counts deleted
delete from "public"."m" as t
where not exists (select from pg_temp."datacycle_new" as n where t."id" = n."id" and t."room" = n."room");

-- run, counts updated
update "public"."m" as t
set "room" = n."room",
    "value" = n."value",
    "load_id" = n."load_id"
from pg_temp."datacycle_new" as n
where t."id" = n."id" and t."room" = n."room"
    and record_image_ne(row(t."room", t."value"), row(n."room", n."value"));

-- run, counts inserted
insert into "public"."m" ("id", "room", "value", "load_id")
select "id", "room", "value", "load_id"
from pg_temp."datacycle_new" as n
where not exists (select from "public"."m" as t where t."id" = n."id" and t."room" = n."room");
