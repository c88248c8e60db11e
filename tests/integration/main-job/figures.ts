import { expect } from 'vitest';
import type { Row } from '../../../warehouse/warehouse.ts';
import type { Expected } from './oracle.ts';

type Rows = (sql: string) => Promise<readonly Row[]>;

/** The figures that the oracle works out, read from a database. */
export async function figures(rows: Rows): Promise<Expected> {
  const one = async (sql: string) =>
    Object.fromEntries(Object.entries((await rows(sql))[0] ?? {}).map(([name, value]) => [name, Number(value)]));
  return {
    events: await one(
      'select count(*) as rows, sum(value) as sum, count(*) filter (where is_outlier) as outliers from silver.sensor_events',
    ),
    energy: await one(
      'select count(*) as rows, sum(power_w) as power, sum(energy_wh) as energy, count(*) filter (where not is_valid) as invalid from gold.fact_energy_minute',
    ),
    environment: await one(
      `select count(*) as rows, sum(co2_ppm) as co2, sum(temperature_c) as temperature, count(*) filter (where window_open_flag) as windows,
           count(*) filter (where is_anomaly) as anomalies from gold.fact_environment_minute`,
    ),
    presence: await one(
      'select count(*) as rows, sum(motion_count) as motions, count(*) filter (where presence_flag) as present from gold.fact_presence_minute',
    ),
    health: await one('select count(*) as rows, sum(missing_readings) as missing from gold.fact_device_health_day'),
  } as unknown as Expected;
}

/** All are as expected, to the last digits of sums. */
export function expectFigures(actual: Expected, expected: Expected): void {
  for (const part of ['events', 'energy', 'environment', 'presence', 'health'] as const) {
    for (const [name, value] of Object.entries(expected[part])) {
      const found = (actual[part] as Record<string, number>)[name];
      // Sums of doubles depend on the order of the summands in their last digits.
      expect(Math.abs((found ?? Number.NaN) - value), `${part}.${name}: ${found} instead of ${value}`).toBeLessThan(
        1e-9 * Math.max(1, Math.abs(value)) + 1e-9,
      );
    }
  }
}
