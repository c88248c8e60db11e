with "readings" as (
    select * from pg_temp."datacycle_new"
)
select to_jsonb(bad_rows.*)::text as row, count(*) over () as failures
from (
select *
from "readings"
where id in (select id from "public"."lost")
) as bad_rows
limit 1000;
