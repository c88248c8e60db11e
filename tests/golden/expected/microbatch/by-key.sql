-- run, counts deleted
delete from "public"."m" as t
where t."at" >= timestamptz '2023-10-28T22:00:00Z' and t."at" < timestamptz '2023-10-29T23:00:00Z'
    and not exists (select from pg_temp."datacycle_new" as n where t."id" = n."id");

-- run, counts updated
update "public"."m" as t
set "at" = n."at",
    "payload" = n."payload",
    "load_id" = n."load_id"
from pg_temp."datacycle_new" as n
where t."id" = n."id"
    and t."at" >= timestamptz '2023-10-28T22:00:00Z' and t."at" < timestamptz '2023-10-29T23:00:00Z'
    and record_image_ne(row(t."at", t."payload"), row(n."at", n."payload"));

-- run, counts inserted
insert into "public"."m" ("id", "at", "payload", "load_id")
select "id", "at", "payload", "load_id"
from pg_temp."datacycle_new" as n
where not exists (select from "public"."m" as t where t."at" >= timestamptz '2023-10-28T22:00:00Z' and t."at" < timestamptz '2023-10-29T23:00:00Z' and t."id" = n."id");
