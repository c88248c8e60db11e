-- run, counts deleted
delete from "public"."m" as t
where (t."at" >= timestamptz '2023-10-28T22:00:00Z' and t."at" < timestamptz '2023-10-29T23:00:00Z') is not true;
