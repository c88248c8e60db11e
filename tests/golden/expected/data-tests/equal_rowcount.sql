-- dbt: equal_rowcount_readings_ref_rooms_
-- counted as: coalesce(sum(diff_count), 0)
select count_a, count_b, abs(coalesce(count_a, 0) - coalesce(count_b, 0)) as diff_count
from (select count(*) as count_a from "public"."readings") as a
full join (select count(*) as count_b from "seeds"."rooms") as b on true
where count_a is distinct from count_b;
