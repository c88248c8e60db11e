-- run
create materialized view "public"."m" as
select id, room, value, load_id
from "raw"."events"
with data;

-- upsert
select count(*) as inserted, 0 as updated
from "public"."m";

-- guard: unique_key of m is NULL in (id=NULL)
select "id"
from "public"."m"
where "id" is null
limit 3;

-- guard: unique_key of m is not unique: (id=NULL)
select "id", count(*) as row_count
from "public"."m"
group by "id"
having count(*) > 1
limit 3;

-- run
create unique index "m_id_idx_19e23c" on "public"."m" using btree ("id");

-- run
create index "m_load_id_idx_a29349" on "public"."m" using brin ("load_id");

-- run
analyze "public"."m";
