create temporary table "datacycle_new" on commit drop as
select * from raw.events;

analyze pg_temp."datacycle_new";

with surplus as (
    select t."id" as c1, case when t."room" is distinct from null then concat(t."room") end collate "C" as c2, case when t."payload" is distinct from null then concat(t."payload") end collate "C" as c3, t."at" as c4 from "public"."m" as t where coalesce(t."at" >= date '2024-01-02', true)
    except all
    select n."id" as c1, case when n."room" is distinct from null then concat(n."room") end collate "C" as c2, case when n."payload" is distinct from null then concat(n."payload") end collate "C" as c3, n."at" as c4 from pg_temp."datacycle_new" as n where coalesce(n."at" >= date '2024-01-02', true)
),

missing as (
    select n."id" as c1, case when n."room" is distinct from null then concat(n."room") end collate "C" as c2, case when n."payload" is distinct from null then concat(n."payload") end collate "C" as c3, n."at" as c4 from pg_temp."datacycle_new" as n where coalesce(n."at" >= date '2024-01-02', true)
    except all
    select t."id" as c1, case when t."room" is distinct from null then concat(t."room") end collate "C" as c2, case when t."payload" is distinct from null then concat(t."payload") end collate "C" as c3, t."at" as c4 from "public"."m" as t where coalesce(t."at" >= date '2024-01-02', true)
),

differences as materialized (
    select 'surplus' as kind, c1, c2, c3, c4 from surplus
    union all
    select 'missing' as kind, c1, c2, c3, c4 from missing
),

shown as (
    select kind, c1, c2, c3, c4
    from differences
    order by kind
),

details as (
    select
        d.kind,
        row_number() over (order by d.kind) as place,
        jsonb_build_array() as key,
        (
            select coalesce(jsonb_agg(jsonb_build_array(v.name, v.actual, v.expected) order by v.place), '[]')
            from (
                values
                    (0, 'id', case d.kind when 'surplus' then d.c1::text end, case d.kind when 'missing' then d.c1::text end, d.c1 is not null),
                    (1, 'room', case d.kind when 'surplus' then d.c2::text end, case d.kind when 'missing' then d.c2::text end, d.c2 is not null),
                    (2, 'payload', case d.kind when 'surplus' then d.c3::text end, case d.kind when 'missing' then d.c3::text end, d.c3 is not null),
                    (3, 'at', case d.kind when 'surplus' then d.c4::text end, case d.kind when 'missing' then d.c4::text end, d.c4 is not null)
            ) as v (place, name, actual, expected, differs)
            where v.differs
        ) as "values"
    from shown as d
)

select
    (select count(*) from "public"."m" as t where coalesce(t."at" >= date '2024-01-02', true)) as "rows",
    (
        select jsonb_object_agg(c.kind, c.row_count)
        from (select kind, count(*) as row_count from differences group by kind) as c
    ) as counts,
    (select jsonb_agg(jsonb_build_array(kind, key, "values") order by place) from details) as details;
