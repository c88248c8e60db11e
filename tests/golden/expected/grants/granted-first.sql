grant select on table "gold"."rooms" to "analyst";
grant select on table "gold"."rooms" to "Power ""BI""";
grant select on table "gold"."rooms" to public;
grant insert on table "gold"."rooms" to "writer";
-- recorded: grant select to analyst
-- recorded: grant select to Power "BI"
-- recorded: grant select to public
-- recorded: grant insert to writer
