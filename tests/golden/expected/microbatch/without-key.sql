-- run, counts deleted
delete from "public"."m" as t
where t."at" >= timestamptz '2023-10-28T22:00:00Z' and t."at" < timestamptz '2023-10-29T23:00:00Z'
    and (
        (select count(*) from "public"."m" as t where t."at" >= timestamptz '2023-10-28T22:00:00Z' and t."at" < timestamptz '2023-10-29T23:00:00Z') <> (select count(*) from pg_temp."datacycle_new")
        or exists (
            select t."id", t."at", row(t."payload")::text, t."load_id" from "public"."m" as t where t."at" >= timestamptz '2023-10-28T22:00:00Z' and t."at" < timestamptz '2023-10-29T23:00:00Z'
            except all
            select n."id", n."at", row(n."payload")::text, n."load_id" from pg_temp."datacycle_new" as n
        )
    );

-- run, counts inserted
insert into "public"."m" ("id", "at", "payload", "load_id")
select "id", "at", "payload", "load_id"
from pg_temp."datacycle_new"
where not exists (select from "public"."m" as t where t."at" >= timestamptz '2023-10-28T22:00:00Z' and t."at" < timestamptz '2023-10-29T23:00:00Z');
