select to_jsonb(bad_rows.*)::text as row, count(*) over () as failures
from (
select id, value
from "silver"."readings"
where value < 0
) as bad_rows
limit 1000;
