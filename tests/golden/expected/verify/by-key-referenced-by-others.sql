create temporary table "datacycle_new" on commit drop as
select * from raw.events;

analyze pg_temp."datacycle_new";

select "id", "room"
from pg_temp."datacycle_new"
where "id" is null or "room" is null
limit 3;

select "id", "room", count(*) as row_count
from pg_temp."datacycle_new"
group by "id", "room"
having count(*) > 1
limit 3;

with differences as materialized (
    select
        case
            when t."id" is null then 'missing'
            when n."id" is not null then 'changed'
            when exists (select from "gold"."facts" as r where r."event_id" = t."id" and r."event_room" = t."room") then 'referenced'
            else 'surplus'
        end as kind,
        coalesce(t."id", n."id") as k1,
        coalesce(t."room", n."room") as k2
    from "public"."m" as t
    full join pg_temp."datacycle_new" as n on t."id" = n."id" and t."room" = n."room"
    where (
            t."id" is null
            or n."id" is null
            or record_image_ne(row(t."room", t."payload"), row(n."room", n."payload"))
        )
),

shown as (
    select kind, k1, k2
    from differences
    order by kind, k1, k2
    limit 20
),

details as (
    select
        d.kind,
        row_number() over (order by d.kind, d.k1, d.k2) as place,
        jsonb_build_array(d.k1::text, d.k2::text) as key,
        (
            select coalesce(jsonb_agg(jsonb_build_array(v.name, v.actual, v.expected) order by v.place), '[]')
            from (
                values
                    (0, 'room', t."room"::text, (n."room")::text, d.kind = 'changed' and record_image_ne(row(t."room"), row(n."room"))),
                    (1, 'payload', t."payload"::text, (n."payload")::text, record_image_ne(row(t."payload"), row(n."payload")))
            ) as v (place, name, actual, expected, differs)
            where v.differs
        ) as "values"
    from shown as d
    left join "public"."m" as t on t."id" = d.k1 and t."room" = d.k2
    left join pg_temp."datacycle_new" as n on n."id" = d.k1 and n."room" = d.k2
)

select
    (select count(*) from "public"."m" as t) as "rows",
    (
        select jsonb_object_agg(c.kind, c.row_count)
        from (select kind, count(*) as row_count from differences group by kind) as c
    ) as counts,
    (select jsonb_agg(jsonb_build_array(kind, key, "values") order by place) from details) as details;
