-- run
create temporary table "datacycle_new" on commit drop as
select id, payload from "raw"."events";

-- run
analyze pg_temp."datacycle_new";

-- run, counts deleted
delete from "public"."m"
where (
    (select count(*) from "public"."m" as t) <> (select count(*) from pg_temp."datacycle_new")
    or exists (
        select t."id", row(t."payload")::text from "public"."m" as t
        except all
        select n."id", row(n."payload")::text from pg_temp."datacycle_new" as n
    )
);

-- run, counts inserted
insert into "public"."m" ("id", "payload")
select "id", "payload"
from pg_temp."datacycle_new"
where not exists (select from "public"."m");
