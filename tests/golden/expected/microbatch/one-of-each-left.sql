-- run, counts deleted
delete from "public"."m" as t
using (
    select tableoid, ctid, row_number() over (partition by "id") as number
    from "public"."m"
) as d
where d.number > 1
    and t.tableoid = d.tableoid
    and t.ctid = d.ctid;
