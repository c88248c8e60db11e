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

-- run, counts deleted
delete from "seeds"."m"
where exists (
    (select t."code", t."name", t."price" from "seeds"."m" as t except all select n."code", n."name", n."price" from pg_temp."datacycle_new" as n)
    union all
    (select n."code", n."name", n."price" from pg_temp."datacycle_new" as n except all select t."code", t."name", t."price" from "seeds"."m" as t)
);

-- run, counts inserted
insert into "seeds"."m" ("code", "name", "price")
select "code", "name", "price"
from pg_temp."datacycle_new"
where not exists (select from "seeds"."m");
