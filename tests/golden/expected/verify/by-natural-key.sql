create temporary table "datacycle_raw" on commit drop as
select * from raw.events;

analyze pg_temp."datacycle_raw";

select "room"
from pg_temp."datacycle_raw"
where "room" is null
limit 3;

select "room", count(*) as row_count
from pg_temp."datacycle_raw"
group by "room"
having count(*) > 1
limit 3;

create temporary table "datacycle_new" on commit drop as
select known.key as "room_key", r.*
from pg_temp."datacycle_raw" as r
left join datacycle.surrogate_key as known on known.model = 'm' and known.natural_key = jsonb_build_array(r."room")::text;

analyze pg_temp."datacycle_new";

with differences as materialized (
    select
        case
            when t."room" is null then 'missing'
            when n."room" is not null then 'changed'
            else 'surplus'
        end as kind,
        coalesce(t."room", n."room") as k1
    from "public"."m" as t
    full join pg_temp."datacycle_new" as n on t."room" = n."room"
    where (
            t."room" is null
            or n."room" is null
            or record_image_ne(row(t."room_key", t."room", t."it's"), row(case when n."room" is not null then coalesce(n."room_key", t."room_key") end, n."room", n."it's"))
        )
),

shown as (
    select kind, k1
    from differences
    order by kind, k1
    limit 20
),

details as (
    select
        d.kind,
        row_number() over (order by d.kind, d.k1) as place,
        jsonb_build_array(d.k1::text) as key,
        (
            select coalesce(jsonb_agg(jsonb_build_array(v.name, v.actual, v.expected) order by v.place), '[]')
            from (
                values
                    (0, 'room_key', t."room_key"::text, (case when n."room" is not null then coalesce(n."room_key", t."room_key") end)::text, record_image_ne(row(t."room_key"), row(case when n."room" is not null then coalesce(n."room_key", t."room_key") end))),
                    (1, 'room', t."room"::text, (n."room")::text, d.kind = 'changed' and record_image_ne(row(t."room"), row(n."room"))),
                    (2, 'it''s', t."it's"::text, (n."it's")::text, record_image_ne(row(t."it's"), row(n."it's")))
            ) as v (place, name, actual, expected, differs)
            where v.differs
        ) as "values"
    from shown as d
    left join "public"."m" as t on t."room" = d.k1
    left join pg_temp."datacycle_new" as n on n."room" = d.k1
)

select
    (select count(*) from "public"."m" as t) as "rows",
    (
        select jsonb_object_agg(c.kind, c.row_count)
        from (select kind, count(*) as row_count from differences group by kind) as c
    ) as counts,
    (select jsonb_agg(jsonb_build_array(kind, key, "values") order by place) from details) as details;
