-- dbt: not_null_proportion_readings_0_95__id
select *
from (
    select count("id") / nullif(count(*), 0)::numeric as not_null_proportion
    from "public"."readings"
) as proportions
where not_null_proportion < 0.95 or not_null_proportion > 1;
