-- run
select exists (
    select
    from "public"."m" as t
    where t."at" >= timestamptz '2023-10-28T22:00:00Z' and t."at" < timestamptz '2023-10-29T23:00:00Z'
        and t.xmin = pg_current_xact_id()::xid
        and coalesce(t."load_id" <= 7, true)
) as below;
