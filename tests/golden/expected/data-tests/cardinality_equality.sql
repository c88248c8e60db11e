-- dbt: cardinality_equality_readings_id__id__ref_rooms_
select 'a_minus_b' as which_diff, lacking.*
from (select "id" as value, count(*) as num_rows from "public"."readings" group by 1 except select "id" as value, count(*) as num_rows from "seeds"."rooms" group by 1) as lacking
union all
select 'b_minus_a' as which_diff, lacking.*
from (select "id" as value, count(*) as num_rows from "seeds"."rooms" group by 1 except select "id" as value, count(*) as num_rows from "public"."readings" group by 1) as lacking;
