-- run
create temporary table "datacycle_new" on commit drop as
select id, room, value, load_id
from "raw"."events";

-- run
analyze pg_temp."datacycle_new";

-- run
alter table "gold"."m"
    enable row level security,
    force row level security;

-- run
create policy "datacycle_writes_55f3c09d" on "gold"."m"
for all to "app"
using (datacycle.session_of('app'))
with check (datacycle.session_of('app'));

-- run
create policy "datacycle_reads_018d2adb" on "gold"."m"
for select to "role_a"
using ("room" = 'kitchen'::text);

-- run
create policy "datacycle_reads_c0af041b" on "gold"."m"
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
        where p.polrelid = '"gold"."m"'::regclass
            and p.polname in ('datacycle_writes_55f3c09d', 'datacycle_reads_018d2adb', 'datacycle_reads_c0af041b')
    loop
        execute format('comment on policy %I on "gold"."m" is %L', made.name, made.seal);
    end loop;
end
$do$;

-- run, counts deleted
delete from "gold"."m"
where (
    (select count(*) from "gold"."m" as t) <> (select count(*) from pg_temp."datacycle_new")
    or exists (
        select t."id", t."room" collate "C", float8send(t."value"), t."load_id" from "gold"."m" as t
        except all
        select n."id", n."room" collate "C", float8send(n."value"), n."load_id" from pg_temp."datacycle_new" as n
    )
);

-- run, counts inserted
insert into "gold"."m" ("id", "room", "value", "load_id")
select "id", "room", "value", "load_id"
from pg_temp."datacycle_new"
where not exists (select from "gold"."m");
