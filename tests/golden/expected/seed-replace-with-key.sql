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

-- run, counts deleted
delete from "seeds"."m" as t
where not exists (select from pg_temp."datacycle_new" as n where t."code" = n."code");

-- run, counts updated
update "seeds"."m" as t
set "code" = n."code",
    "name" = n."name",
    "price" = n."price"
from pg_temp."datacycle_new" as n
where t."code" = n."code"
    and record_image_ne(row(t."code", t."name", t."price"), row(n."code", n."name", n."price"));

-- run, counts inserted
insert into "seeds"."m" ("code", "name", "price")
select "code", "name", "price"
from pg_temp."datacycle_new" as n
where not exists (select from "seeds"."m" as t where t."code" = n."code");
