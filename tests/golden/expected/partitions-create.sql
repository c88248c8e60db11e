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
create table "public"."m" (like pg_temp."datacycle_new")
partition by range ("at");

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
        'm' || to_char(start, '_YYYY_MM') as name,
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
    where i.inhparent = '"public"."m"'::regclass
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
    where i.inhparent = '"public"."m"'::regclass
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
        execute 'create table ' || part || ' (like "public"."m" including all excluding statistics)';
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
        execute 'alter table "public"."m" attach partition ' || part
            || format(' for values from (%L) to (%L)', one.lower, one.upper);
    end loop;
    drop table pg_temp."datacycle_partition";
end
$do$;

-- run, counts inserted
insert into "public"."m"
select *
from pg_temp."datacycle_new";

-- run
alter table "public"."m"
    alter column "id" set not null,
    alter column "at" set not null;

-- run
alter table "public"."m"
    add constraint "m_id_at_key_ceabc1" unique ("id", "at");

-- run
create index "m_room_idx_257ee4" on "public"."m" using btree ("room");

-- run
analyze "public"."m";
