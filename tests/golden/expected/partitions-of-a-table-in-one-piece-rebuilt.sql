-- run
lock table only "public"."m" in share update exclusive mode;

-- run
do $do$
begin
    if exists (
        select
        from pg_index
        where indrelid = '"public"."m"'::regclass
            and indexrelid = to_regclass('"public"."m_id_at_key_ceabc1"')
    ) then
        alter index "public"."m_id_at_key_ceabc1" rename to "datacycle_m_id_at_key_ceabc1_3dfe77";
    end if;
end
$do$;

-- run
create temporary table "datacycle_new" on commit drop as
select id, room, at from "raw"."events";

-- run
analyze pg_temp."datacycle_new";

-- guard: unique_key of m is NULL in (id=NULL, at=undefined)
select "id", "at"
from pg_temp."datacycle_new"
where "id" is null or "at" is null
limit 3;

-- guard: unique_key of m is not unique: (id=NULL, at=undefined)
select "id", "at", count(*) as row_count
from pg_temp."datacycle_new"
group by "id", "at"
having count(*) > 1
limit 3;

-- run
create table "public"."datacycle_m_cadbe9" (like pg_temp."datacycle_new")
partition by range ("at");

-- guard: partition_by of m: "at" has values that belong to no partition: (id=NULL, at=undefined)
select "id", "at"
from "public"."m"
where "at" is null or ("at" at time zone 'Europe/Zurich') < '0001-01-01' or ("at" at time zone 'Europe/Zurich') >= '100000-01-01'
limit 3;

-- run
create temporary table "datacycle_partition" on commit drop as
with starts as (
    select distinct
        case
            when n."at" < date_trunc('month', n."at" at time zone 'Europe/Zurich') at time zone 'Europe/Zurich'
            then date_trunc('month', n."at" at time zone 'Europe/Zurich') - interval '1 month'
            else date_trunc('month', n."at" at time zone 'Europe/Zurich')
        end as start
    from "public"."m" as n
),

ranges as (
    select
        'datacycle_m_cadbe9' || to_char(start, '_YYYY_MM') as name,
        (start) at time zone 'Europe/Zurich' as lower,
        (start + interval '1 month') at time zone 'Europe/Zurich' as upper
    from starts
),

existing as materialized (
    select
        c.oid::regclass::text as name,
        b.bounds is null as is_default,
        coalesce(nullif(trim('''' from b.bounds[1]), 'MINVALUE'), '-infinity')::timestamp with time zone as lower,
        coalesce(nullif(trim('''' from b.bounds[2]), 'MAXVALUE'), 'infinity')::timestamp with time zone as upper
    from pg_inherits as i
    join pg_class as c on c.oid = i.inhrelid
    cross join lateral (select regexp_match(pg_get_expr(c.relpartbound, c.oid), '[(](.+)[)] TO [(](.+)[)]')) as b (bounds)
    where i.inhparent = '"public"."datacycle_m_cadbe9"'::regclass
        and not i.inhdetachpending
)

select name, lower, upper
from ranges as r
where (r.lower, r.upper) not in (select lower, upper from existing)
    and not exists (select from existing as s where not s.is_default and s.lower <= r.lower and s.upper >= r.upper);

-- guard: m needs a partition public.undefined, and something else has that name
select p.name
from pg_temp."datacycle_partition" as p
join pg_class as c on c.relname = p.name
join pg_namespace as n on n.oid = c.relnamespace
where n.nspname = 'public'
order by p.name
limit 3;

-- guard: m needs a partition public.undefined, and undefined, which was created by hand, holds a part of its time
with existing as materialized (
    select
        c.oid::regclass::text as name,
        b.bounds is null as is_default,
        coalesce(nullif(trim('''' from b.bounds[1]), 'MINVALUE'), '-infinity')::timestamp with time zone as lower,
        coalesce(nullif(trim('''' from b.bounds[2]), 'MAXVALUE'), 'infinity')::timestamp with time zone as upper
    from pg_inherits as i
    join pg_class as c on c.oid = i.inhrelid
    cross join lateral (select regexp_match(pg_get_expr(c.relpartbound, c.oid), '[(](.+)[)] TO [(](.+)[)]')) as b (bounds)
    where i.inhparent = '"public"."datacycle_m_cadbe9"'::regclass
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
        part := format('%I.%I', 'public', one.name);
        execute 'create table ' || part || ' (like "public"."datacycle_m_cadbe9" including all excluding statistics)';
        for reader in
            select distinct g.grantee, r.rolname
            from pg_class as c
            cross join aclexplode(c.relacl) as g
            left join pg_roles as r on r.oid = g.grantee
            where c.oid = part::regclass and g.grantee <> c.relowner
        loop
            execute 'revoke all on table ' || part || ' from ' || coalesce(quote_ident(reader.rolname), 'public') || ' cascade';
        end loop;
        execute 'alter table ' || part || ' enable row level security, no force row level security';
        execute 'alter table "public"."datacycle_m_cadbe9" attach partition ' || part
            || format(' for values from (%L) to (%L)', one.lower, one.upper);
    end loop;
    drop table pg_temp."datacycle_partition";
end
$do$;

-- run
insert into "public"."datacycle_m_cadbe9" ("id", "room", "at")
select "id", "room", "at"
from "public"."m";

-- run
alter table "public"."datacycle_m_cadbe9"
    alter column "id" set not null;

-- run
alter table "public"."datacycle_m_cadbe9"
    alter column "at" set not null;

-- run
alter table "public"."datacycle_m_cadbe9"
    add constraint "m_id_at_key_ceabc1" unique ("id", "at");

-- run
analyze "public"."datacycle_m_cadbe9";

-- guard: partition_by of m: "at" has values that belong to no partition: (id=NULL, at=undefined)
select "id", "at"
from pg_temp."datacycle_new"
where "at" is null or ("at" at time zone 'Europe/Zurich') < '0001-01-01' or ("at" at time zone 'Europe/Zurich') >= '100000-01-01'
limit 3;

-- run
create temporary table "datacycle_partition" on commit drop as
with starts as (
    select distinct
        case
            when n."at" < date_trunc('month', n."at" at time zone 'Europe/Zurich') at time zone 'Europe/Zurich'
            then date_trunc('month', n."at" at time zone 'Europe/Zurich') - interval '1 month'
            else date_trunc('month', n."at" at time zone 'Europe/Zurich')
        end as start
    from pg_temp."datacycle_new" as n
),

ranges as (
    select
        'datacycle_m_cadbe9' || to_char(start, '_YYYY_MM') as name,
        (start) at time zone 'Europe/Zurich' as lower,
        (start + interval '1 month') at time zone 'Europe/Zurich' as upper
    from starts
),

existing as materialized (
    select
        c.oid::regclass::text as name,
        b.bounds is null as is_default,
        coalesce(nullif(trim('''' from b.bounds[1]), 'MINVALUE'), '-infinity')::timestamp with time zone as lower,
        coalesce(nullif(trim('''' from b.bounds[2]), 'MAXVALUE'), 'infinity')::timestamp with time zone as upper
    from pg_inherits as i
    join pg_class as c on c.oid = i.inhrelid
    cross join lateral (select regexp_match(pg_get_expr(c.relpartbound, c.oid), '[(](.+)[)] TO [(](.+)[)]')) as b (bounds)
    where i.inhparent = '"public"."datacycle_m_cadbe9"'::regclass
        and not i.inhdetachpending
)

select name, lower, upper
from ranges as r
where (r.lower, r.upper) not in (select lower, upper from existing)
    and not exists (select from existing as s where not s.is_default and s.lower <= r.lower and s.upper >= r.upper);

-- guard: m needs a partition public.undefined, and something else has that name
select p.name
from pg_temp."datacycle_partition" as p
join pg_class as c on c.relname = p.name
join pg_namespace as n on n.oid = c.relnamespace
where n.nspname = 'public'
order by p.name
limit 3;

-- guard: m needs a partition public.undefined, and undefined, which was created by hand, holds a part of its time
with existing as materialized (
    select
        c.oid::regclass::text as name,
        b.bounds is null as is_default,
        coalesce(nullif(trim('''' from b.bounds[1]), 'MINVALUE'), '-infinity')::timestamp with time zone as lower,
        coalesce(nullif(trim('''' from b.bounds[2]), 'MAXVALUE'), 'infinity')::timestamp with time zone as upper
    from pg_inherits as i
    join pg_class as c on c.oid = i.inhrelid
    cross join lateral (select regexp_match(pg_get_expr(c.relpartbound, c.oid), '[(](.+)[)] TO [(](.+)[)]')) as b (bounds)
    where i.inhparent = '"public"."datacycle_m_cadbe9"'::regclass
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
        part := format('%I.%I', 'public', one.name);
        execute 'create table ' || part || ' (like "public"."datacycle_m_cadbe9" including all excluding statistics)';
        for reader in
            select distinct g.grantee, r.rolname
            from pg_class as c
            cross join aclexplode(c.relacl) as g
            left join pg_roles as r on r.oid = g.grantee
            where c.oid = part::regclass and g.grantee <> c.relowner
        loop
            execute 'revoke all on table ' || part || ' from ' || coalesce(quote_ident(reader.rolname), 'public') || ' cascade';
        end loop;
        execute 'alter table ' || part || ' enable row level security, no force row level security';
        execute 'alter table "public"."datacycle_m_cadbe9" attach partition ' || part
            || format(' for values from (%L) to (%L)', one.lower, one.upper);
    end loop;
    drop table pg_temp."datacycle_partition";
end
$do$;

-- run, counts deleted
delete from "public"."datacycle_m_cadbe9" as t
using (
    select tableoid, ctid, row_number() over (partition by "id", "at") as number
    from "public"."datacycle_m_cadbe9"
    where ("id", "at") is not null
) as d
where d.number > 1
    and t.tableoid = d.tableoid
    and t.ctid = d.ctid;

-- run, counts deleted
delete from "public"."datacycle_m_cadbe9" as t
where not exists (select from pg_temp."datacycle_new" as n where t."id" = n."id" and t."at" = n."at");

-- run, counts updated
update "public"."datacycle_m_cadbe9" as t
set "room" = n."room"
from pg_temp."datacycle_new" as n
where t."id" = n."id" and t."at" = n."at"
    and record_image_ne(row(t."room"), row(n."room"));

-- run, counts inserted
insert into "public"."datacycle_m_cadbe9" ("id", "room", "at")
select "id", "room", "at"
from pg_temp."datacycle_new" as n
where not exists (select from "public"."datacycle_m_cadbe9" as t where t."id" = n."id" and t."at" = n."at");

-- run
drop table "public"."m";

-- run
alter table "public"."datacycle_m_cadbe9" rename to "m";

-- guard: m needs a partition public.undefined, and something else has that name
select p.name
from (
    select c.oid, 'm' || substr(c.relname, 19) as name
    from pg_inherits as i
    join pg_class as c on c.oid = i.inhrelid
    where i.inhparent = '"public"."m"'::regclass
) as p
join pg_class as c on c.relname = p.name
join pg_namespace as n on n.oid = c.relnamespace
where n.nspname = 'public'
order by p.name
limit 3;

-- run
do $do$
declare
    one record;
begin
    for one in
        select c.oid, 'm' || substr(c.relname, 19) as name
        from pg_inherits as i
        join pg_class as c on c.oid = i.inhrelid
        where i.inhparent = '"public"."m"'::regclass
    loop
        execute format('alter table %s rename to %I', one.oid::regclass, one.name);
    end loop;
    for one in
        select x.indexrelid::regclass as index, 'm' || substr(c.relname, 19) as name
        from pg_inherits as i
        join pg_index as x on x.indrelid = i.inhrelid
        join pg_class as c on c.oid = x.indexrelid
        where i.inhparent = '"public"."m"'::regclass
            and starts_with(c.relname, 'datacycle_m_cadbe9')
            and not exists (
                select
                from pg_class as o
                where o.relnamespace = c.relnamespace
                    and o.relname = 'm' || substr(c.relname, 19)
            )
    loop
        execute format('alter index %s rename to %I', one.index, one.name);
    end loop;
end
$do$;

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
