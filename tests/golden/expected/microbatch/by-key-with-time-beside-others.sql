-- run, counts deleted
delete from "public"."m" as t
where t."at" >= timestamptz '2023-10-28T22:00:00Z' and t."at" < timestamptz '2023-10-29T23:00:00Z'
    and not exists (select from pg_temp."datacycle_new" as n where t."id" = n."id" and t."at" = n."at");

-- run, counts updated
update "public"."m" as t
set "payload" = n."payload",
    "load_id" = n."load_id"
from pg_temp."datacycle_new" as n
where t."id" = n."id" and t."at" = n."at"
    and t."at" >= timestamptz '2023-10-28T22:00:00Z' and t."at" < timestamptz '2023-10-29T23:00:00Z'
    and (t."payload"::text)
        is distinct from (n."payload"::text);

-- run, counts inserted
insert into "public"."m" ("id", "at", "payload", "load_id")
select "id", "at", "payload", "load_id"
from pg_temp."datacycle_new" as n
where not exists (select from "public"."m" as t where t."at" >= timestamptz '2023-10-28T22:00:00Z' and t."at" < timestamptz '2023-10-29T23:00:00Z' and t."id" = n."id" and t."at" = n."at");
