with "readings" as (
    select t.*
    from pg_temp."datacycle_new" as n
    join "silver"."readings" as t on t."id" = n."id"
)
select to_jsonb(bad_rows.*)::text as row, count(*) over () as failures
from (
select id, value
from "readings"
where value < 0
) as bad_rows
limit 1000;
