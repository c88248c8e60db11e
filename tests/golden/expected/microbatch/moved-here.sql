-- run
select exists (
    select
    from "public"."m" as t
    join pg_temp."datacycle_new" as n on t."id" = n."id"
    where (t."at" >= timestamptz '2023-10-28T22:00:00Z' and t."at" < timestamptz '2023-10-29T23:00:00Z') is not true
) as elsewhere;

-- run
with moved as materialized (
    select distinct t."at" as at
    from "public"."m" as t
    join pg_temp."datacycle_new" as n on t."id" = n."id"
    where (t."at" >= timestamptz '2023-10-28T22:00:00Z' and t."at" < timestamptz '2023-10-29T23:00:00Z') is not true
)

select w.number
from (values
    (0, timestamptz '2023-10-26T22:00:00Z', timestamptz '2023-10-28T22:00:00Z'),
    (1, timestamptz '2023-10-29T23:00:00Z', timestamptz '2023-10-30T23:00:00Z')
) as w (number, since, until)
where exists (select from moved as m where m.at >= w.since and m.at < w.until)
order by w.number;
