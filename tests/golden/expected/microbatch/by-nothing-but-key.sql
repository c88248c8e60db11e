-- run, counts deleted
delete from "public"."m" as t
where t."at" >= timestamptz '2023-10-28T22:00:00Z' and t."at" < timestamptz '2023-10-29T23:00:00Z'
    and not exists (select from pg_temp."datacycle_new" as n where t."id" = n."id" and t."at" = n."at");

-- run, counts inserted
insert into "public"."m" ("id", "at")
select "id", "at"
from pg_temp."datacycle_new" as n
where not exists (select from "public"."m" as t where t."at" >= timestamptz '2023-10-28T22:00:00Z' and t."at" < timestamptz '2023-10-29T23:00:00Z' and t."id" = n."id" and t."at" = n."at");
