-- run
create temporary table "datacycle_new" (
    "code" text,
    "name" text,
    "price" numeric
) on commit drop;

-- copy
copy pg_temp."datacycle_new" from stdin with (format csv, header);

-- guard: unique_key of m is NULL in (code=NULL)
select "code"
from pg_temp."datacycle_new"
where "code" is null
limit 3;

-- guard: unique_key of m is not unique: (code=NULL)
select "code", count(*) as row_count
from pg_temp."datacycle_new"
group by "code"
having count(*) > 1
limit 3;

-- run
analyze pg_temp."datacycle_new";

-- run
create table "seeds"."m" as
select * from pg_temp."datacycle_new";

-- upsert
select count(*) as inserted, 0 as updated
from "seeds"."m";

-- guard: unique_key of m is NULL in (code=NULL)
select "code"
from "seeds"."m"
where "code" is null
limit 3;

-- run
alter table "seeds"."m"
    alter column "code" set not null;

-- run
alter table "seeds"."m"
    add constraint "m_code_key_00cddb" unique ("code");

-- run
analyze "seeds"."m";
