-- run
create temporary table "datacycle_new" on commit drop as
select * from events;

-- run
analyze pg_temp."datacycle_new";

-- guard: unique_key of m is NULL in (id=NULL) in 2 rows
select "id"
from pg_temp."datacycle_new"
where "id" is null
limit 3;

-- guard: unique_key of m is not unique: (id=NULL) is duplicated in 2 rows
select "id", count(*) as row_count
from pg_temp."datacycle_new"
group by "id"
having count(*) > 1
limit 3;

-- guard: m makes rows that are not of the batch 2023-10-29: at=NULL (2)
select "at"::text as at, count(*) as row_count
from pg_temp."datacycle_new" as n
where (n."at" >= timestamptz '2023-10-28T22:00:00Z' and n."at" < timestamptz '2023-10-29T23:00:00Z') is not true
group by "at"
order by "at"
limit 3;
