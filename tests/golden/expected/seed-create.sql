-- run
create temporary table "datacycle_new" (
    "code" text,
    "name" text,
    "price" numeric
) on commit drop;

-- copy
copy pg_temp."datacycle_new" from stdin with (format csv, header);

-- run
analyze pg_temp."datacycle_new";

-- run
create table "seeds"."m" as
select * from pg_temp."datacycle_new";

-- upsert
select count(*) as inserted, 0 as updated
from "seeds"."m";

-- run
analyze "seeds"."m";
