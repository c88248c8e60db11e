import { resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { readSeed } from '../../../../runner/build/transaction/seed.ts';
import { compileProject } from '../../../../runner/compile/compile.ts';
import { columnLineage, type ProjectLineage } from '../../../../runner/lineage/lineage.ts';
import { isBuilt, type Manifest } from '../../../../runner/manifest/manifest.ts';
import { readProject } from '../../../../runner/project/read-project.ts';
import { loadSqlParser } from '../../../../runner/sql/parser.ts';
import { rootsOf, told } from './flow-of.ts';

const root = resolve(import.meta.dirname, '..', '..', '..', '..');
let manifest: Manifest;
let lineage: ProjectLineage;
beforeAll(async () => {
  ({ manifest } = compileProject(readProject({ root, env: {} })));
  const parser = await loadSqlParser();
  lineage = columnLineage(manifest, {
    parser,
    seedColumns: (seed) => readSeed(root, seed).columns.map(({ name }) => name),
  });
});

function fromOf(name: string): readonly string[] {
  const [model = '', column] = name.split('.');
  const found = lineage[`model.${model}`]?.columns.find((one) => one.column === column);
  expect(found?.unknown).toEqual([]);
  return found?.from.map(told) ?? [];
}

test.each([
  [
    'fact_energy_minute.cost_chf',
    'computed dim_tariff.chf_per_kwh, computed fact_energy_minute.counter_total, computed fact_energy_minute.power_w, computed sensor_events.value, filtered dim_datetime.datetime_key, filtered dim_device.device_key, filtered fact_energy_minute.datetime_key, filtered fact_energy_minute.device_key, filtered sensor_devices.has_counter, filtered sensor_events.field',
  ],
  [
    'fact_energy_minute.energy_wh',
    'computed fact_energy_minute.counter_total, computed fact_energy_minute.power_w, computed sensor_events.value, filtered dim_datetime.datetime_key, filtered dim_device.device_key, filtered fact_energy_minute.datetime_key, filtered fact_energy_minute.device_key, filtered sensor_devices.has_counter, filtered sensor_events.field',
  ],
  [
    'fact_energy_minute.energy_kwh',
    'computed fact_energy_minute.counter_total, computed fact_energy_minute.power_w, computed sensor_events.value, filtered dim_datetime.datetime_key, filtered dim_device.device_key, filtered fact_energy_minute.datetime_key, filtered fact_energy_minute.device_key, filtered sensor_devices.has_counter, filtered sensor_events.field',
  ],
  [
    'fact_energy_minute.power_w',
    'copied fact_energy_minute.power_w, computed sensor_events.value, filtered sensor_events.field',
  ],
  [
    'fact_energy_minute.counter_total',
    'copied fact_energy_minute.counter_total, computed sensor_events.value, filtered sensor_events.field',
  ],
  ['fact_energy_minute.is_valid', 'copied fact_energy_minute.is_valid, computed sensor_events.is_outlier'],
  ['fact_energy_minute.tariff_key', 'copied dim_tariff.tariff_key'],
  ['fact_energy_minute.datetime_key', 'copied dim_datetime.datetime_key, copied fact_energy_minute.datetime_key'],
  ['fact_energy_minute.room_key', 'copied dim_room.room_key'],
  [
    'fact_environment_minute.temperature_c',
    'computed sensor_events.value, filtered sensor_events.field, filtered sensor_events.sensor_type',
  ],
  ['fact_environment_minute.co2_ppm', 'computed sensor_events.value, filtered sensor_events.field'],
  ['fact_environment_minute.is_anomaly', 'computed sensor_events.is_outlier'],
  [
    'fact_environment_minute.door_open_flag',
    'computed sensor_events.value, filtered sensor_events.field, filtered sensor_events.sensor_type',
  ],
  ['fact_environment_minute.room_key', 'copied dim_room.room_key'],
  [
    'fact_presence_minute.motion_count',
    'computed predictions.*, computed sensor_events.*, filtered sensor_events.field, filtered sensor_events.value',
  ],
  [
    'fact_presence_minute.presence_flag',
    'computed predictions.*, computed sensor_events.*, computed sensor_events.value, filtered sensor_events.field',
  ],
  ['fact_presence_minute.presence_prob', 'computed predictions.value, filtered predictions.lead_minutes'],
  [
    'fact_weather_hour.temperature_c',
    'computed weather_forecasts.value, filtered weather_forecasts.*, filtered weather_forecasts.is_outlier, filtered weather_forecasts.lead_hours, filtered weather_forecasts.measurement, filtered weather_forecasts.prediction_date, filtered weather_forecasts.site, filtered weather_forecasts.timestamp',
  ],
  ['fact_weather_hour.lead_hours', 'computed weather_forecasts.lead_hours, filtered weather_forecasts.is_outlier'],
  ['fact_weather_hour.n_leads', 'computed weather_forecasts.prediction, filtered weather_forecasts.is_outlier'],
  ['fact_weather_hour.site_key', 'copied dim_weather_site.site_key'],
  ['fact_weather_day.temperature_c_avg', 'computed fact_weather_hour.temperature_c'],
  ['fact_weather_day.radiation_whm2_sum', 'computed fact_weather_hour.radiation_wm2'],
  ['fact_weather_day.horizon_key', 'copied dim_horizon.horizon_key'],
  ['fact_prediction.predicted_value', 'copied predictions.value'],
  ['fact_prediction.confidence', 'copied predictions.confidence'],
  ['fact_prediction.model_key', 'copied dim_model.model_key'],
  ['fact_prediction.run_at', 'copied predictions.run_at'],
  ['fact_device_health_day.error_count', 'computed di_errors_clean.*'],
  ['fact_device_health_day.device_key', 'copied dim_device.device_key'],
  [
    'dim_device.device_id',
    'computed sensor_devices.apartment, computed sensor_devices.room, computed sensor_devices.sensor_type',
  ],
  [
    'dim_device.device_name',
    'computed sensor_devices.room, computed sensor_devices.sensor_type, computed appliances.appliance_type, filtered dim_room.room_type',
  ],
  ['dim_device.is_active', 'computed sensor_devices.last_seen, filtered sensor_devices.apartment'],
  [
    'dim_device.device_key',
    'computed sensor_devices.apartment, computed sensor_devices.room, computed sensor_devices.sensor_type',
  ],
  ['dim_room.room_id', 'computed dim_rooms.room_id'],
  ['dim_room.room_type', 'computed rooms.room_type'],
  ['dim_room.is_inside', 'computed rooms.is_inside'],
  ['dim_apartment.building_name', 'computed dim_buildings.building_id'],
  ['dim_apartment.floor', 'computed dim_buildings.floor'],
  ['dim_apartment.owner_user_id', ''],
  ['dim_apartment.apartment_id', ''],
  ['dim_date.is_holiday', 'computed holidays.date'],
  ['dim_tariff.chf_per_kwh', 'computed tariffs.chf_per_kwh'],
  ['dim_tariff.tariff_key', 'computed tariffs.provider, computed tariffs.year'],
  [
    'dim_horizon.horizon_days',
    'copied predictions.horizon_days, computed weather_forecasts.prediction_date, computed weather_forecasts.timestamp',
  ],
  ['dim_user_apartment_map.user_email', 'computed user_apartments.user_email'],
  ['sensor_events.apartment', 'computed staging.sensor_file.name'],
  [
    'sensor_events.timestamp',
    'computed staging.sensor_file.name, computed staging.sensor_file.payload.datetime, filtered staging.sensor_file.payload',
  ],
  ['predictions.value', 'computed staging.prediction.record.value'],
  ['predictions.model_name', 'computed staging.prediction.record.model.name'],
  [
    'dim_buildings.house_name',
    'computed staging.registry_row.record.housename, filtered staging.registry_row.record.*',
  ],
  [
    'dim_buildings.building_year',
    'computed staging.registry_row.record.buildingyear, filtered staging.registry_row.record.*',
  ],
  ['weather_forecasts.site', 'computed staging.weather_chunk.columns.Site.*'],
  ['weather_forecasts.value', 'computed staging.weather_chunk.columns.Value.*'],
  ['etl_watermark.processed_at', 'copied staging.load.finished_at'],
])('%s comes from %s', (name, from) => {
  expect(fromOf(name).join(', ')).toBe(from);
});

test('a reading comes from the keys that project.yml names, each of its section', () => {
  const from = fromOf('sensor_events.value').filter((one) => one.startsWith('computed'));
  expect(from).toHaveLength(35);
  expect(from).toEqual(
    expect.arrayContaining([
      'computed staging.sensor_file.payload.plugs.*.total',
      'computed staging.sensor_file.payload.doorsWindows.*.*.switch',
      'computed staging.sensor_file.payload.meteos.*.CO2',
      'computed staging.sensor_file.payload.meteos.meteo.*.CO2',
      'computed staging.sensor_file.payload.consumptions.*.voltage3',
    ]),
  );
});

test('nothing of the project is unknown', () => {
  expect(
    Object.values(lineage).flatMap(({ node, columns, unknown }) => [
      ...unknown,
      ...columns.flatMap((one) => one.unknown.map((what) => `${node}.${one.column}: ${what}`)),
    ]),
  ).toEqual([]);
});

test('every column that a .yml declares is found, and no other', () => {
  for (const node of manifest.nodes.values()) {
    if (!isBuilt(node) || node.columns.length === 0) continue;
    const found = lineage[node.id]?.columns.map(({ column }) => column) ?? [];
    expect([node.name, found.toSorted()]).toEqual([node.name, node.columns.map(({ name }) => name).toSorted()]);
  }
});

test('every gold column is traced to columns of staging and of seeds, or to constants of project.yml', () => {
  const constant = [
    'dim_apartment.apartment_id',
    'dim_apartment.apartment_key',
    'dim_apartment.name',
    'dim_apartment.owner_user_id',
    'dim_apartment.shown_apartment_id',
    'dim_weather_site.site_key',
    'dim_weather_site.site_name',
    'fact_model_reliability.bin',
    'fact_model_reliability.bin_name',
    'fact_prediction_consumption.target',
    'fact_prediction_motion.target',
  ];
  const ends = [...manifest.nodes.values()].flatMap((node) => {
    if (node.kind !== 'model' || node.relation.schema !== 'gold') return [];
    return (lineage[node.id]?.columns ?? []).flatMap(({ column }) => {
      const roots = rootsOf(lineage, { node: node.id, column });
      expect([`${node.name}.${column}`, roots.length > 0]).toEqual([`${node.name}.${column}`, true]);
      return roots.map((one) => `${one.node}.${one.column}`);
    });
  });
  expect(ends.length).toBeGreaterThan(200);
  const models = [...new Set(ends.filter((one) => one.startsWith('model.')))].map((one) => one.replace('model.', ''));
  expect(models.filter((one) => !one.endsWith('.*')).toSorted()).toEqual(constant);
});
