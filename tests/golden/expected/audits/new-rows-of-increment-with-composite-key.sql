with "Readings" as (
    select t.*
    from pg_temp."datacycle_new" as n
    join "silver"."Readings" as t on t."id" = n."id" and t."""room""" = n."""room"""
)
select to_jsonb(bad_rows.*)::text as row, count(*) over () as failures
from (
with readings as (
    select * from "Readings"
)

select * from readings where value < 0
) as bad_rows
limit 1000;
