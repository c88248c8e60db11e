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
where (
    (select count(*) from "seeds"."m" as t) <> (select count(*) from pg_temp."datacycle_new")
    or exists (
        select t."code" collate "C", t."name" collate "C", row(t."price")::text from "seeds"."m" as t
        except all
        select n."code" collate "C", n."name" collate "C", row(n."price")::text from pg_temp."datacycle_new" as n
    )
);

-- run, counts inserted
insert into "seeds"."m" ("code", "name", "price")
select "code", "name", "price"
from pg_temp."datacycle_new"
where not exists (select from "seeds"."m");
