-- outlook_day
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = 'jimmy')

-- fact_model_reliability
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = 'jimmy')

-- room_day
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = 'jimmy')

-- fact_model_evaluation
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = 'jimmy')

-- apartment_day
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = 'jimmy')

-- room_hour
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = 'jimmy')

-- fact_prediction
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = 'jimmy')

-- owned_apartments
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = 'jimmy')

-- fact_presence_minute
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = 'jimmy')

-- fact_environment_minute
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = 'jimmy')

-- fact_energy_minute
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = 'jimmy')

-- fact_device_health_day
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = 'jimmy')

-- visible_apartments
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = 'jimmy')

-- dim_device
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = 'jimmy')

-- room_quarter_profile
t."apartment" = 'jimmy'

-- dim_user_apartment_map
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = 'jimmy')

-- dim_sensors
(t."room_id" in (select t1."room_id" from "silver"."dim_rooms" as t1 where (t1."building_id" in (select t2."building_id" from "silver"."dim_buildings" as t2 where (t2."apartment" = 'jimmy' or (t2."apartment" is null and (t2."building_id"::text in ('1'))))) or (not exists (select from "silver"."dim_buildings" as t2 where t2."building_id" = t1."building_id") and (t1."building_id"::text in ('1') or t1."room_id"::text in ('20'))))) or (not exists (select from "silver"."dim_rooms" as t1 where t1."room_id" = t."room_id") and (t."room_id"::text in ('20'))))

-- dim_room
t."apartment_key" in (select t1."apartment_key" from "gold"."dim_apartment" as t1 where t1."apartment_id" = 'jimmy')

-- dim_devices
(t."room_id" in (select t1."room_id" from "silver"."dim_rooms" as t1 where (t1."building_id" in (select t2."building_id" from "silver"."dim_buildings" as t2 where (t2."apartment" = 'jimmy' or (t2."apartment" is null and (t2."building_id"::text in ('1'))))) or (not exists (select from "silver"."dim_buildings" as t2 where t2."building_id" = t1."building_id") and (t1."building_id"::text in ('1') or t1."room_id"::text in ('20'))))) or (not exists (select from "silver"."dim_rooms" as t1 where t1."room_id" = t."room_id") and (t."room_id"::text in ('20') or t."device_id"::text in ('300'))))

-- di_errors_clean
(t."apartment" = 'jimmy' or (t."apartment" is null and (t."building_id"::text in ('1'))))

-- sensor_devices
t."apartment" = 'jimmy'

-- room_quarter
t."apartment" = 'jimmy'

-- ref_power_snapshots
(t."building_id" in (select t1."building_id" from "silver"."dim_buildings" as t1 where (t1."apartment" = 'jimmy' or (t1."apartment" is null and (t1."building_id"::text in ('1'))))) or (not exists (select from "silver"."dim_buildings" as t1 where t1."building_id" = t."building_id") and (t."building_id"::text in ('1') or t."device_id"::text in ('300'))))

-- ref_parameters
(t."building_id" in (select t1."building_id" from "silver"."dim_buildings" as t1 where (t1."apartment" = 'jimmy' or (t1."apartment" is null and (t1."building_id"::text in ('1'))))) or (not exists (select from "silver"."dim_buildings" as t1 where t1."building_id" = t."building_id") and (t."building_id"::text in ('1'))))

-- prediction_targets
t."apartment" = 'jimmy'

-- log_sensor_errors
(t."building_id" in (select t1."building_id" from "silver"."dim_buildings" as t1 where (t1."apartment" = 'jimmy' or (t1."apartment" is null and (t1."building_id"::text in ('1'))))) or (not exists (select from "silver"."dim_buildings" as t1 where t1."building_id" = t."building_id") and (t."building_id"::text in ('1'))))

-- dim_rooms
(t."building_id" in (select t1."building_id" from "silver"."dim_buildings" as t1 where (t1."apartment" = 'jimmy' or (t1."apartment" is null and (t1."building_id"::text in ('1'))))) or (not exists (select from "silver"."dim_buildings" as t1 where t1."building_id" = t."building_id") and (t."building_id"::text in ('1') or t."room_id"::text in ('20'))))

-- dim_apartment
t."apartment_id" = 'jimmy'

-- apartment_days
t."apartment" = 'jimmy'

-- sensor_value_rejects
t."apartment" = 'jimmy'

-- sensor_events
t."apartment" = 'jimmy'

-- predictions
t."apartment" = 'jimmy'

-- prediction_rejects
t."apartment" = 'jimmy'

-- dim_buildings
(t."apartment" = 'jimmy' or (t."apartment" is null and (t."building_id"::text in ('1'))))

-- user_apartments
t."apartment_id" = 'jimmy'
