-- run
create view "bi"."The ""air""" with (security_invoker = true) as
select
    "minute_key" as "Minute key",
    case when "is_odd" then null else "co2" end as "CO2 (ppm)",
    "is_odd"
from "gold"."climate";
