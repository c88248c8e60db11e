-- visible_apartments
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = $1)

-- fact_prediction
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = $1)

-- fact_energy_minute
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = $1)

-- fact_device_health_day
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = $1)

-- fact_presence_minute
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = $1)

-- fact_environment_minute
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = $1)

-- dim_device
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = $1)

-- dim_user_apartment_map
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = $1)

-- dim_room
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = $1)

-- dim_apartment
t."apartment_id" = $1

-- dim_sensors
(t."room_id" in (select t1."room_id" from "silver"."dim_rooms" as t1 where (t1."building_id" in (select t2."building_id" from "silver"."dim_buildings" as t2 where (t2."apartment" = $1 or (t2."apartment" is null and (t2."building_id"::text in (select jsonb_array_elements_text('["1"]'::text::jsonb)))))) or (not exists (select from "silver"."dim_buildings" as t2 where t2."building_id" = t1."building_id") and (t1."building_id"::text in (select jsonb_array_elements_text('["1"]'::text::jsonb)) or t1."room_id"::text in (select jsonb_array_elements_text('["20"]'::text::jsonb)))))) or (not exists (select from "silver"."dim_rooms" as t1 where t1."room_id" = t."room_id") and (t."room_id"::text in (select jsonb_array_elements_text('["20"]'::text::jsonb)))))
-- nobody's: not exists (select from "silver"."dim_rooms" as t1 where t1."room_id" = t."room_id")

-- dim_devices
(t."room_id" in (select t1."room_id" from "silver"."dim_rooms" as t1 where (t1."building_id" in (select t2."building_id" from "silver"."dim_buildings" as t2 where (t2."apartment" = $1 or (t2."apartment" is null and (t2."building_id"::text in (select jsonb_array_elements_text('["1"]'::text::jsonb)))))) or (not exists (select from "silver"."dim_buildings" as t2 where t2."building_id" = t1."building_id") and (t1."building_id"::text in (select jsonb_array_elements_text('["1"]'::text::jsonb)) or t1."room_id"::text in (select jsonb_array_elements_text('["20"]'::text::jsonb)))))) or (not exists (select from "silver"."dim_rooms" as t1 where t1."room_id" = t."room_id") and (t."room_id"::text in (select jsonb_array_elements_text('["20"]'::text::jsonb)) or t."device_id"::text in (select jsonb_array_elements_text('["300"]'::text::jsonb)))))
-- nobody's: not exists (select from "silver"."dim_rooms" as t1 where t1."room_id" = t."room_id")

-- di_errors_clean
(t."apartment" = $1 or (t."apartment" is null and (t."building_id"::text in (select jsonb_array_elements_text('["1"]'::text::jsonb)))))
-- nobody's: t."apartment" is null

-- sensor_devices
t."apartment" = $1

-- ref_power_snapshots
(t."building_id" in (select t1."building_id" from "silver"."dim_buildings" as t1 where (t1."apartment" = $1 or (t1."apartment" is null and (t1."building_id"::text in (select jsonb_array_elements_text('["1"]'::text::jsonb)))))) or (not exists (select from "silver"."dim_buildings" as t1 where t1."building_id" = t."building_id") and (t."building_id"::text in (select jsonb_array_elements_text('["1"]'::text::jsonb)) or t."device_id"::text in (select jsonb_array_elements_text('["300"]'::text::jsonb)))))
-- nobody's: not exists (select from "silver"."dim_buildings" as t1 where t1."building_id" = t."building_id")

-- ref_parameters
(t."building_id" in (select t1."building_id" from "silver"."dim_buildings" as t1 where (t1."apartment" = $1 or (t1."apartment" is null and (t1."building_id"::text in (select jsonb_array_elements_text('["1"]'::text::jsonb)))))) or (not exists (select from "silver"."dim_buildings" as t1 where t1."building_id" = t."building_id") and (t."building_id"::text in (select jsonb_array_elements_text('["1"]'::text::jsonb)))))
-- nobody's: not exists (select from "silver"."dim_buildings" as t1 where t1."building_id" = t."building_id")

-- prediction_targets
t."apartment" = $1

-- log_sensor_errors
(t."building_id" in (select t1."building_id" from "silver"."dim_buildings" as t1 where (t1."apartment" = $1 or (t1."apartment" is null and (t1."building_id"::text in (select jsonb_array_elements_text('["1"]'::text::jsonb)))))) or (not exists (select from "silver"."dim_buildings" as t1 where t1."building_id" = t."building_id") and (t."building_id"::text in (select jsonb_array_elements_text('["1"]'::text::jsonb)))))
-- nobody's: not exists (select from "silver"."dim_buildings" as t1 where t1."building_id" = t."building_id")

-- dim_rooms
(t."building_id" in (select t1."building_id" from "silver"."dim_buildings" as t1 where (t1."apartment" = $1 or (t1."apartment" is null and (t1."building_id"::text in (select jsonb_array_elements_text('["1"]'::text::jsonb)))))) or (not exists (select from "silver"."dim_buildings" as t1 where t1."building_id" = t."building_id") and (t."building_id"::text in (select jsonb_array_elements_text('["1"]'::text::jsonb)) or t."room_id"::text in (select jsonb_array_elements_text('["20"]'::text::jsonb)))))
-- nobody's: not exists (select from "silver"."dim_buildings" as t1 where t1."building_id" = t."building_id")

-- sensor_value_rejects
t."apartment" = $1
-- nobody's: t."apartment" is null

-- sensor_events
t."apartment" = $1

-- predictions
t."apartment" = $1

-- prediction_rejects
t."apartment" = $1
-- nobody's: t."apartment" is null

-- dim_buildings
(t."apartment" = $1 or (t."apartment" is null and (t."building_id"::text in (select jsonb_array_elements_text('["1"]'::text::jsonb)))))
-- nobody's: t."apartment" is null

-- user_apartments
t."apartment_id" = $1
