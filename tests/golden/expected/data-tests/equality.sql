-- dbt: equality_readings_ref_rooms___at
select 'a_minus_b' as which_diff, lacking.*
from (select to_jsonb(compared.*) - array['at'] as row from "public"."readings" as compared except select to_jsonb(compared.*) - array['at'] as row from "seeds"."rooms" as compared) as lacking
union all
select 'b_minus_a' as which_diff, lacking.*
from (select to_jsonb(compared.*) - array['at'] as row from "seeds"."rooms" as compared except select to_jsonb(compared.*) - array['at'] as row from "public"."readings" as compared) as lacking;
