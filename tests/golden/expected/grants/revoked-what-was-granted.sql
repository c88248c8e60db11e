revoke select on table "gold"."rooms" from "auditor";
revoke select on table "gold"."rooms" from public;
revoke update on table "gold"."rooms" from "analyst";
-- recorded: grant select to analyst
