-- run, counts deleted
delete from "public"."m" as t
where (t."at" < timestamptz '2023-10-29T23:00:00Z') is not true
    and not exists (select from "gold"."facts" as r where r."event_id" = t."id");
