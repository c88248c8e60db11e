-- run
create view "bi"."Device" with (security_invoker = true) as
select
    "device_key" as "Device key",
    "label"::text as "Label",
    "seen_at" at time zone 'UTC' as "Seen (UTC)",
    "seen_at" at time zone 'America/New_York' as "Seen (local)",
    "bought_at"::timestamp without time zone as "Bought at",
    "made_on" as "Made on"
from "gold"."device";
