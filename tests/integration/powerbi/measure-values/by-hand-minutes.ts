/*
 * Each measure of the tables by the minute a second time: SQL over gold, written another way than in the .yml. `{w}` is the
 * condition of the filter context on the fact, whose alias is f.
 */
const energy = (what: string) =>
  `select ${what} from gold.fact_energy_minute as f join gold.dim_device as v on v.device_key = f.device_key where {w}`;

/** Of each apartment the meter's sum if it ever has a row of one, else the plugs'. */
const once = (column: string, where = '{w}', ever = '{any time}') => `
  select sum(part) from (
      select (
          select sum(f.${column}) from gold.fact_energy_minute as f join gold.dim_device as v on v.device_key = f.device_key
          where ${where} and f.apartment_key = a.apartment_key and f.is_valid and v.sensor_type = case when exists (
              select from gold.fact_energy_minute as f join gold.dim_device as v on v.device_key = f.device_key
              where ${ever} and f.apartment_key = a.apartment_key and v.sensor_type = 'consumption'
          ) then 'consumption' else 'plug' end
      ) as part from gold.dim_apartment as a
  ) as parts`;
const days = (fact: string, where = '{w}') =>
  `(select nullif(count(distinct f.date_key), 0) from gold.${fact} as f where ${where})`;
const perDay = (where: string) => `((${once('energy_kwh', where)}) / ${days('fact_energy_minute', where)})`;
const newestDay = '(select max(f.date_key) from gold.fact_energy_minute as f where {w})';
const ofMonth = `({any time} and f.date_key <= ${newestDay} and f.date_key > ${newestDay} / 100 * 100)`;
const dayBefore = `(select case when {days} = 1 then (${once('energy_kwh', '{w-1}')}) end)`;
const weekBefore = `(select case when {days} <= 7 then (${once('energy_kwh', '{w-7}')}) end)`;
const against = (before: string) => `select ((${once('energy_kwh')}) - ${before}) / nullif(${before}, 0)`;

/** Of the devices of some type a figure each, added up. */
const eachDevice = (type: string, figure: string, more = '') => `
  select sum(x) from gold.dim_device as v cross join lateral (
      select ${figure} as x from gold.fact_energy_minute as f where {w} and f.is_valid and f.device_key = v.device_key
  ) as s where v.sensor_type ${type} ${more}`;
const meterThere = `exists (select from gold.fact_energy_minute as f join gold.dim_device as o on o.device_key = f.device_key
    where {any time} and f.apartment_key = v.apartment_key and o.sensor_type = 'consumption')`;

const energyMeasures = {
  Energy: once('energy_kwh'),
  'Energy of the meter': energy(
    "sum(case when f.is_valid and v.sensor_type = 'consumption' then f.energy_wh / 1000 end)",
  ),
  'Energy of plugs': energy("sum(case when f.is_valid and v.sensor_type = 'plug' then f.energy_wh / 1000 end)"),
  'Energy of plugs per day': `select (${eachDevice("= 'plug'", 'sum(f.energy_kwh)')}) / ${days('fact_energy_minute')}`,
  'Energy per day': `select (${once('energy_kwh')}) / ${days('fact_energy_minute')}`,
  'Energy of the month': once('energy_kwh', ofMonth, ofMonth),
  'Energy of the previous day': `select ${dayBefore}`,
  'Energy against the previous day': against(dayBefore),
  'Energy of the previous week': `select ${weekBefore}`,
  'Energy against the previous week': against(weekBefore),
  'Energy against the average day': `select (${perDay('{w}')} - ${perDay('{any time}')}) / ${perDay('{any time}')}`,
  'Top consumer': `select name from (
      select v.device_name as name, sum(f.energy_kwh) as kwh from gold.fact_energy_minute as f
      join gold.dim_device as v on v.device_key = f.device_key where {w} and f.is_valid and v.sensor_type = 'plug' group by 1
  ) as s where kwh is not null order by kwh desc, name limit 1`,
  'Energy of the top consumer': `select sum(f.energy_kwh) as kwh from gold.fact_energy_minute as f
      join gold.dim_device as v on v.device_key = f.device_key where {w} and f.is_valid and v.sensor_type = 'plug'
      group by v.device_name having sum(f.energy_kwh) is not null order by kwh desc limit 1`,
  Cost: once('cost_chf'),
  'Cost per day': `select (${once('cost_chf')}) / ${days('fact_energy_minute')}`,
  'Average power': `select sum(x) from gold.dim_device as v cross join lateral (
      select avg(f.power_w) as x from gold.fact_energy_minute as f where {w} and f.is_valid and f.device_key = v.device_key
  ) as s where (v.sensor_type = 'consumption') = ${meterThere}`,
  'Average power of the meter': eachDevice("= 'consumption'", 'sum(f.power_w) / count(f.power_w)'),
  'Average power of plugs': eachDevice("= 'plug'", 'sum(f.power_w) / nullif(count(f.power_w), 0)'),
  'Peak power': energy('max(case when f.is_valid then f.power_w end)'),
  'Peak demand': `select sum(f.power_w) as w from gold.fact_energy_minute as f join gold.dim_device as v on v.device_key = f.device_key
      where {w} and f.is_valid and v.sensor_type = 'consumption' group by f.datetime_key order by w desc nulls last limit 1`,
  'Base load': eachDevice("= 'consumption'", 'percentile_cont(0.05) within group (order by f.power_w)'),
};

/** The rows inside (or outside) whose values are not anomalies, of which something is measured. */
const climate = (what: string, inside: boolean, more = '', where = '{w}') => `
  select ${what} from gold.fact_environment_minute as f where ${where} and not f.is_anomaly ${more}
      and f.room_key in (select r.room_key from gold.dim_room as r where ${inside ? '' : 'not '}r.is_inside)`;
const air = (what: string) => `select ${what} from gold.fact_environment_minute as f where {w} and not f.is_anomaly`;
const sensorAt = (type: string) =>
  `exists (select from gold.dim_device as v where v.room_key = f.room_key and v.sensor_type = '${type}')`;
const openShare = (flag: string, type: string) => `
  select avg(case when f.${flag} then 1.0 else 0.0 end) from gold.fact_environment_minute as f where {w} and ${sensorAt(type)}`;
const openNow = `select count(*) filter (where s.is_open) as n, count(*) as rooms from gold.dim_room as r cross join lateral (
      select f.window_open_flag or f.door_open_flag as is_open from gold.fact_environment_minute as f
      where {w} and f.room_key = r.room_key and (${sensorAt('window')} or ${sensorAt('door')}) order by f.datetime_key desc limit 1
  ) as s`;

const onlyNow = (
  type: string,
) => `select case when count(*) > 0 then sum(s.n) end from gold.dim_room as r cross join lateral (
      select f.${type}_open_flag::integer as n from gold.fact_environment_minute as f
      where {w} and f.room_key = r.room_key and ${sensorAt(type)} order by f.datetime_key desc limit 1
  ) as s`;

const newest = (column: string) => `select avg(s.value) from gold.dim_room as r cross join lateral (
      select f.${column} as value from gold.fact_environment_minute as f
      where {w} and f.room_key = r.room_key and f.${column} is not null and not f.is_anomaly order by f.datetime_key desc limit 1
  ) as s`;

const environmentMeasures = {
  'Temperature now': newest('temperature_c'),
  'Humidity now': newest('humidity_pct'),
  'CO2 now': newest('co2_ppm'),
  'Measured at': `select to_char(max(t.timestamp_utc at time zone 'Europe/Zurich'), 'YYYY-MM-DD HH24:MI')
      from gold.fact_environment_minute as f join gold.dim_datetime as t using (datetime_key) where {w}`,
  'Average temperature': climate('avg(f.temperature_c)', true),
  'Lowest temperature': climate('min(f.temperature_c)', true),
  'Highest temperature': climate('max(f.temperature_c)', true),
  'Outside temperature': climate('avg(f.temperature_c)', false),
  'Inside minus outside': `select (${climate('avg(f.temperature_c)', true)}) - (${climate('avg(f.temperature_c)', false)})`,
  'Temperature against the previous day': `select case when {days} = 1 then (${climate('avg(f.temperature_c)', true)})
      - (${climate('avg(f.temperature_c)', true, '', '{w-1}')}) end`,
  'Inside minus forecast': `select (${climate('avg(f.temperature_c)', true)}) - (
      select avg(f.temperature_c) from gold.fact_weather_hour as f where {weather} and f.prediction_date_key = (
          select max(other.prediction_date_key) from gold.fact_weather_hour as other
          where other.datetime_key = f.datetime_key and other.site_key = f.site_key))`,
  'Average humidity': climate('avg(f.humidity_pct)', true),
  'Outside humidity': climate('avg(f.humidity_pct)', false),
  'Comfort share': climate(
    'avg((f.temperature_c >= 20 and f.temperature_c <= 24 and f.humidity_pct >= 40 and f.humidity_pct <= 60)::integer)',
    true,
    'and f.temperature_c is not null and f.humidity_pct is not null',
  ),
  'Average pressure': air('avg(f.pressure_hpa)'),
  'Average noise': air('avg(f.noise_db)'),
  'Anomaly share': 'select avg(f.is_anomaly::integer) from gold.fact_environment_minute as f where {w}',
  'Improbable share': 'select avg(f.is_improbable::integer) from gold.fact_environment_minute as f where {w}',
  'Average CO2': air('avg(f.co2_ppm)'),
  'CO2 peak': air('max(f.co2_ppm)'),
  'Minutes above 1000 ppm': air('sum((f.co2_ppm > 1000)::integer)'),
  'Share above 1000 ppm': air('avg((f.co2_ppm > 1000)::integer)'),
  'Window open share': openShare('window_open_flag', 'window'),
  'Door open share': openShare('door_open_flag', 'door'),
  'Rooms open now': `select case when rooms > 0 then n end from (${openNow}) as s`,
  'Window open now': onlyNow('window'),
  'Door open now': onlyNow('door'),
  'State now': `select case when rooms > 0 then case when n > 0 then 'Open' else 'Closed' end end from (${openNow}) as s`,
};

const inside = 'f.room_key in (select r.room_key from gold.dim_room as r where r.is_inside)';
/** Minutes of each apartment in which anybody is inside, by something. */
const minutesBy = (by: string, join = '') => `
  select s.name, count(*) as n from (
      select distinct f.apartment_key, f.datetime_key, ${by} as name from gold.fact_presence_minute as f ${join}
      where {w} and f.presence_flag and ${inside}
  ) as s group by s.name`;
const observed = `(select count(*) from gold.fact_presence_minute as f where {w} and ${inside})`;
const present = `select case when ${observed} > 0 then coalesce((select sum(n) from (${minutesBy("'all'")}) as m), 0) / 60.0 end`;
const room = 'join gold.dim_room as r on r.room_key = f.room_key';
const minute = 'join gold.dim_datetime as t on t.datetime_key = f.datetime_key';

const presenceMeasures = {
  'Presence share': `select avg(f.presence_flag::integer) from gold.fact_presence_minute as f where {w} and ${inside}`,
  'Hours present': present,
  'Presence a day': `select (${present}) / ${days('fact_presence_minute')}`,
  'Motion count': 'select sum(f.motion_count) from gold.fact_presence_minute as f where {w}',
  'Top room': `select name from (${minutesBy('r.room_name', room)}) as m order by n desc, name limit 1`,
  'Hours in the top room': `select case when ${observed} > 0 then coalesce((select max(n) from (${minutesBy('r.room_name', room)}) as m), 0) / 60.0 end`,
  'Rooms observed': `select nullif((select count(*) from gold.dim_room as o where o.is_inside and exists (
      select from gold.fact_presence_minute as f where {w} and f.room_key = o.room_key)), 0)`,
  'Active rooms': `select case when ${observed} > 0 then (select count(*) from gold.dim_room as o where o.is_inside and exists (
      select from gold.fact_presence_minute as f where {w} and f.room_key = o.room_key and f.presence_flag)) end`,
  'Peak hour': `select name from (${minutesBy("extract(hour from t.timestamp_utc at time zone 'Europe/Zurich')::integer", minute)}) as m order by n desc, name limit 1`,
};

/** By the name of the table in Power BI and that of the measure. */
export const minuteMeasures = {
  'Energy by minute': energyMeasures,
  'Environment by minute': environmentMeasures,
  'Presence by minute': presenceMeasures,
};
