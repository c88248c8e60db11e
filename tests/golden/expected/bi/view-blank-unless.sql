-- run
create view "bi"."Energy by minute" with (security_invoker = true) as
select
    "minute_key" as "Minute key",
    "device_key" as "Device key",
    (case when "is_valid" then "power_w" end)::double precision as "Power (W)",
    (case when "is_valid" then "price" end)::numeric(10,4) as "Price",
    (case when "is_valid" then "first_seen" end) at time zone 'UTC' as "First seen (UTC)",
    (case when "is_valid" then "first_seen" end) at time zone 'America/New_York' as "First seen (local)",
    (case when "is_valid" then "steps" end)::bigint as "Steps",
    "is_valid" as "Valid"
from "gold"."energy";
