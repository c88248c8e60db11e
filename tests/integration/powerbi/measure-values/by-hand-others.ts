/* Each measure of the other tables a second time, as by-hand-minutes.ts has those of the tables by the minute. */
const health = (what: string, more = '') => `select ${what} from gold.fact_device_health_day as f where {w} ${more}`;
const newestBattery = `select v.device_key, (
      select f.battery_min_pct from gold.fact_device_health_day as f
      where {w} and f.device_key = v.device_key and f.battery_min_pct is not null order by f.date_key desc limit 1
  ) as pct from gold.dim_device as v`;

const healthMeasures = {
  Uptime: health('1 - sum(f.missing_readings) / sum(f.expected_minutes)::numeric'),
  'Null rate': health('1 - sum(f.seen_minutes) / sum(f.expected_minutes)::numeric'),
  'Readings missed': health('sum(f.expected_minutes - f.seen_minutes)'),
  'Lowest battery': health('min(f.battery_min_pct)'),
  'Average battery': health('avg(f.battery_avg_pct)'),
  'Devices needing a battery': `select case when count(pct) > 0 then sum((pct < 20)::integer) end from (${newestBattery}) as s`,
  'Errors logged': `select sum(n) from (
      select distinct on (f.date_key, f.apartment_key) f.error_count as n from gold.fact_device_health_day as f where {w}
      order by f.date_key, f.apartment_key) as s`,
  Sensors: `select nullif((select count(*) from gold.dim_device as v where exists (
      select from gold.fact_device_health_day as f where {w} and f.device_key = v.device_key)), 0)`,
  'Sensors online': `select case when n > 0 then online end from (
      select count(*) as n, count(*) filter (where f.seen_minutes > 0 and f.date_key = (
          select max(f.date_key) from gold.fact_device_health_day as f where {w})) as online
      from gold.fact_device_health_day as f where {w}) as s`,
  'Sensor state': `select case when max(f.seen_minutes) > 0 then 'Online' when max(f.seen_minutes) = 0 then 'Offline' end
      from gold.fact_device_health_day as f where {w} and f.date_key = (
          select f.date_key from gold.fact_device_health_day as f where {w} order by 1 desc limit 1)`,
  'Last report': `select max(d.date)::text from gold.dim_date as d where exists (
      select from gold.fact_device_health_day as f where {w} and f.date_key = d.date_key and f.seen_minutes > 0)`,
  Rooms: `select nullif((select count(*) from gold.dim_room as r where exists (
      select from gold.fact_device_health_day as f where {w} and f.room_key = r.room_key)), 0)`,
  'Silent devices': `select case when count(seen) > 0 then count(*) filter (where seen = 0) end from gold.dim_device as v
      cross join lateral (select sum(f.seen_minutes) as seen from gold.fact_device_health_day as f
          where {w} and f.device_key = v.device_key) as s`,
};

const newestForecast = (
  column: string,
) => `select avg(f.${column}) from gold.fact_weather_hour as f where {w} and not exists (
      select from gold.fact_weather_hour as later where later.datetime_key = f.datetime_key and later.site_key = f.site_key
          and later.prediction_date_key > f.prediction_date_key)`;

const weatherMeasures = {
  'Forecast temperature': 'select avg(f.temperature_c) from gold.fact_weather_hour as f where {w}',
  'Latest forecast temperature': newestForecast('temperature_c'),
  'Forecast error': `select avg(abs(w.forecast - m.measured)) from (
      select f.site_key, f.datetime_key / 100 as hour_key, avg(f.temperature_c) as forecast
      from gold.fact_weather_hour as f where {w} group by 1, 2, f.prediction_date_key
  ) as w join (
      select a.weather_site_key as site_key, f.datetime_key / 100 as hour_key, avg(f.temperature_c) as measured
      from gold.fact_environment_minute as f join gold.dim_apartment as a on a.apartment_key = f.apartment_key
      where {climate} and not f.is_anomaly and f.room_key in (select r.room_key from gold.dim_room as r where not r.is_inside) group by 1, 2
  ) as m on m.site_key = w.site_key and m.hour_key = w.hour_key`,
  'Forecast humidity': newestForecast('humidity_pct'),
  'Forecast radiation': newestForecast('radiation_wm2'),
};

const weatherDayMeasures = {
  'Forecast precipitation': `select sum(mm) from gold.dim_date as d cross join lateral (
      select sum(f.precipitation_mm_sum) / nullif(count(f.precipitation_mm_sum), 0) as mm from gold.fact_weather_day as f
      where {w} and f.date_key = d.date_key) as s`,
};

const predicted = (
  what: string,
) => `select case when (select count(distinct f.target_key) from gold.fact_prediction as f where {w}) = 1
    then (select ${what} from gold.fact_prediction as f where {w}) end`;
const of = (targets: string, what: string) => `select ${what} from gold.fact_prediction as f
    join gold.dim_target as g on g.target_key = f.target_key where {w} and g.target_name in (${targets})`;

const predictionMeasures = {
  Predicted: predicted('avg(f.predicted_value)'),
  Actual: predicted('avg(f.actual_value)'),
  'Prediction error': predicted('avg(abs(f.actual_value - f.predicted_value))'),
  'Prediction bias': predicted('avg(-(f.actual_value - f.predicted_value))'),
  Accuracy: of(
    "'presence', 'occupied'",
    `avg(case when f.actual_value is null or f.predicted_value is null or f.role in ('challenger', 'baseline') then null
        when (f.predicted_value >= 0.5 and f.actual_value = 1) or (f.predicted_value < 0.5 and f.actual_value = 0) then 1 else 0 end)`,
  ),
  'Predicted presence': of(
    "'presence', 'occupied'",
    "avg(f.predicted_value) filter (where f.role is null or f.role = 'champion')",
  ),
  'Predicted power': of(
    "'consumption', 'power_w', 'mean_power_w'",
    "avg(f.predicted_value) filter (where f.role is null or f.role = 'champion')",
  ),
  'Actual power': of("'consumption', 'power_w', 'mean_power_w'", 'avg(f.actual_value)'),
};

/** Shares of hours with a mean that lies within bounds, of the rooms inside. */
const hoursWithin = (column: string, low: number | string, high: number) => `
  select avg((f.${column} >= ${low} and f.${column} <= ${high})::integer) from gold.room_hour as f where {w} and f.${column} is not null
      and f.room_key in (select r.room_key from gold.dim_room as r where r.is_inside)`;

const hourMeasures = {
  'Comfort score': `select 100 * (coalesce(0.5 * t, 0) + coalesce(0.3 * c, 0) + coalesce(0.2 * h, 0))
          / nullif(0.5 * (t is not null)::integer + 0.3 * (c is not null)::integer + 0.2 * (h is not null)::integer, 0)
      from (select (${hoursWithin('temperature_c_mean', 20, 24)}) as t, (${hoursWithin('co2_ppm_mean', "'-infinity'", 1000)}) as c,
          (${hoursWithin('humidity_pct_mean', 30, 60)}) as h) as s`,
  'Average light': 'select avg(f.light_lux_mean) from gold.room_hour as f where {w}',
  Openings: 'select sum(f.window_openings + f.door_openings) from gold.room_hour as f where {w}',
  'Hours of presence': 'select sum(f.presence_minutes) / 60.0 from gold.room_hour as f where {w}',
};

const dayMeasures = {
  'Data quality': `select sum(f.data_quality_pct * f.expected_minutes) / 100 / sum(f.expected_minutes) from gold.room_day as f where {w}`,
  'Reference energy': 'select sum(f.reference_kwh) from gold.room_day as f where {w}',
  'Energy against the reference': `select sum(f.energy_kwh_plugs) / sum(f.reference_kwh) - 1 from gold.room_day as f
      where {w} and f.reference_kwh > 0`,
};

const apartmentMeasures = {
  'Heating degree days': `select avg(n) from (
      select sum(case when o.mean > 12 then 0 else 20 - o.mean end) as n from gold.apartment_day as f
      cross join lateral (select coalesce(f.outside_temperature_c_mean, f.forecast_temperature_c_mean) as mean) as o
      where {w} group by f.apartment_key) as s`,
  'Presence a local day': 'select avg(f.presence_minutes / 60.0) from gold.apartment_day as f where {w}',
  'Energy for each degree outside': `select sum(k) from (
      select case when count(*) > 2 then covar_pop(e, t) / nullif(var_pop(t), 0) end as k from (
          select f.apartment_key, f.energy_kwh as e, coalesce(f.outside_temperature_c_mean, f.forecast_temperature_c_mean) as t
          from gold.apartment_day as f where {w}
      ) as q where e is not null and t is not null group by apartment_key) as s`,
  'Energy a day': 'select avg(coalesce(f.energy_kwh_meter, 0)) from gold.apartment_day as f where {w}',
  'CO2 exceedances': `select sum(h.co2_minutes_above_1000) from gold.room_hour as h
      join gold.apartment_day as f on f.date_key = h.date_key and f.apartment_key = h.apartment_key
      join gold.dim_room as r on r.room_key = h.room_key and r.is_inside where {w}`,
};

/** By the name of the table in Power BI and that of the measure. */
export const otherMeasures = {
  'Device health by day': healthMeasures,
  'Weather forecast by hour': weatherMeasures,
  'Weather forecast by day': weatherDayMeasures,
  Predictions: predictionMeasures,
  'Room by hour': hourMeasures,
  'Room by day': dayMeasures,
  'Apartment by day': apartmentMeasures,
};
