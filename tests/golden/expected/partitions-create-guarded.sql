-- run
create temporary table "datacycle_new" on commit drop as
select id, room, at from "raw"."events";

-- run
analyze pg_temp."datacycle_new";

-- run
create table "gold"."m" (like pg_temp."datacycle_new")
partition by range ("at");

-- guard: partition_by of m: "at" has values that belong to no partition: (at=undefined)
select "at", count(*) as row_count
from pg_temp."datacycle_new"
where "at" is null or "at" < '0001-01-01' or "at" >= '100000-01-01'
group by "at"
limit 3;

-- run
create temporary table "datacycle_partition" on commit drop as
with starts as (
    select distinct
        date_trunc('day', n."at"::timestamp) as start
    from pg_temp."datacycle_new" as n
),

ranges as (
    select
        'm' || to_char(start, '_YYYY_MM_DD') as name,
        (start)::date as lower,
        (start + interval '1 day')::date as upper
    from starts
),

existing as materialized (
    select
        c.oid::regclass::text as name,
        b.bounds is null as is_default,
        coalesce(nullif(trim('''' from b.bounds[1]), 'MINVALUE'), '-infinity')::date as lower,
        coalesce(nullif(trim('''' from b.bounds[2]), 'MAXVALUE'), 'infinity')::date as upper
    from pg_inherits as i
    join pg_class as c on c.oid = i.inhrelid
    cross join lateral (select regexp_match(pg_get_expr(c.relpartbound, c.oid), '[(](.+)[)] TO [(](.+)[)]')) as b (bounds)
    where i.inhparent = '"gold"."m"'::regclass
        and not i.inhdetachpending
)

select name, lower, upper
from ranges as r
where (r.lower, r.upper) not in (select lower, upper from existing)
    and not exists (select from existing as s where not s.is_default and s.lower <= r.lower and s.upper >= r.upper);

-- guard: m needs a partition gold.undefined, and something else has that name
select p.name
from pg_temp."datacycle_partition" as p
join pg_class as c on c.relname = p.name
join pg_namespace as n on n.oid = c.relnamespace
where n.nspname = 'gold'
order by p.name
limit 3;

-- guard: m needs a partition gold.undefined, and undefined, which was created by hand, holds a part of its time
with existing as materialized (
    select
        c.oid::regclass::text as name,
        b.bounds is null as is_default,
        coalesce(nullif(trim('''' from b.bounds[1]), 'MINVALUE'), '-infinity')::date as lower,
        coalesce(nullif(trim('''' from b.bounds[2]), 'MAXVALUE'), 'infinity')::date as upper
    from pg_inherits as i
    join pg_class as c on c.oid = i.inhrelid
    cross join lateral (select regexp_match(pg_get_expr(c.relpartbound, c.oid), '[(](.+)[)] TO [(](.+)[)]')) as b (bounds)
    where i.inhparent = '"gold"."m"'::regclass
        and not i.inhdetachpending
)

select r.name, s.name as other, s.is_default
from pg_temp."datacycle_partition" as r
join existing as s on s.lower < r.upper and s.upper > r.lower
order by r.name, s.name
limit 1;

-- run
do $do$
declare
    one record;
    part text;
    reader record;
begin
    for one in select name, lower, upper from pg_temp."datacycle_partition" order by lower loop
        part := format('%I.%I', 'gold', one.name);
        execute 'create table ' || part || ' (like "gold"."m" including all excluding statistics)';
        for reader in
            select distinct g.grantee, r.rolname
            from pg_class as c
            cross join aclexplode(c.relacl) as g
            left join pg_roles as r on r.oid = g.grantee
            where c.oid = part::regclass and g.grantee <> c.relowner
        loop
            execute 'revoke all on table ' || part || ' from ' || coalesce(quote_ident(reader.rolname), 'public') || ' cascade';
        end loop;
        execute 'alter table ' || part || ' enable row level security, force row level security';
        execute 'create policy "datacycle_writes_1c2e0950" on ' || part || ' for all to "the owner" using (datacycle.session_of(''the owner'')) with check (datacycle.session_of(''the owner''))';
        execute 'alter table "gold"."m" attach partition ' || part
            || format(' for values from (%L) to (%L)', one.lower, one.upper);
    end loop;
    drop table pg_temp."datacycle_partition";
end
$do$;

-- run, counts inserted
insert into "gold"."m"
select *
from pg_temp."datacycle_new";

-- run
alter table "gold"."m"
    enable row level security,
    force row level security;

-- run
create policy "datacycle_writes_1c2e0950" on "gold"."m"
for all to "the owner"
using (datacycle.session_of('the owner'))
with check (datacycle.session_of('the owner'));

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
            and p.polname in ('datacycle_writes_1c2e0950', 'datacycle_reads_018d2adb', 'datacycle_reads_c0af041b')
    loop
        execute format('comment on policy %I on "gold"."m" is %L', made.name, made.seal);
    end loop;
end
$do$;

-- run
analyze "gold"."m";
