grant select on table "gold"."rooms" to "auditor";
-- remembered: grant select to auditor
