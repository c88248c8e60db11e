grant select on table "gold"."rooms" to "auditor";
-- recorded: grant select to auditor
