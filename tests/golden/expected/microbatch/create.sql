-- run
create table "public"."m" as
select * from events;

-- upsert
select count(*) as inserted, 0 as updated
from "public"."m";

-- guard: unique_key of m is NULL in (id=NULL) in 2 rows
select "id"
from "public"."m"
where "id" is null
limit 3;

-- run
alter table "public"."m"
    alter column "id" set not null;

-- run
alter table "public"."m"
    add constraint "m_id_key_cf6ab3" unique ("id");

-- run
analyze "public"."m";

-- guard: m makes rows that are not of the batch 2023-10-29: at=NULL (2)
select "at"::text as at, count(*) as row_count
from "public"."m" as n
where (n."at" >= timestamptz '2023-10-28T22:00:00Z' and n."at" < timestamptz '2023-10-29T23:00:00Z') is not true
group by "at"
order by "at"
limit 3;
