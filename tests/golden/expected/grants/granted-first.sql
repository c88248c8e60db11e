grant select on table "gold"."rooms" to "analyst";
grant select on table "gold"."rooms" to "Power ""BI""";
grant select on table "gold"."rooms" to public;
grant insert on table "gold"."rooms" to "writer";
-- remembered: grant select to analyst
-- remembered: grant select to Power "BI"
-- remembered: grant select to public
-- remembered: grant insert to writer
