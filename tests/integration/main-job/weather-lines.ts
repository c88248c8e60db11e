import { ensureStaging } from '../../../loaders/landing/staging.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import type { DatabaseKind } from '../databases.ts';
import { Household } from './household.ts';

/** A line of a forecast file. */
export interface Line {
  readonly time: string;
  readonly value: string;
  readonly run: string;
  readonly site: string;
  readonly measurement: string;
}

/** What the measurements are called in a file. */
export const codes = {
  temperature_c: 'PRED_T_2M_ctrl',
  humidity_pct: 'PRED_RELHUM_2M_ctrl',
  precipitation_mm: 'PRED_TOT_PREC_ctrl',
  radiation_wm2: 'PRED_GLOB_ctrl',
} as const;

/** An hour of 2023, e.g. hour('12-31', 5) is 31 December at 05:00 UTC. */
export function hour(day: string, at: number): string {
  return `2023-${day} ${String(at).padStart(2, '0')}:00:00+00:00`;
}

/** A line for `time`. @param run the column Prediction. */
export function line(time: string, measurement: keyof typeof codes, value: number, run = 0, site = 'Sion'): Line {
  return { time, value: String(value), run: String(run).padStart(2, '0'), site, measurement: codes[measurement] };
}

/** Lands one chunk of a forecast file in a load of its own. */
export async function land(warehouse: Warehouse, issued: string, lines: readonly Line[]): Promise<void> {
  await ensureStaging(warehouse);
  const name = `Pred_2023-${issued}.csv`;
  await warehouse.transaction(async (session) => {
    const { rows } = await session.query<{ load_id: number; file_id: number }>(
      `insert into staging.load (source, started_at, finished_at, files, records) values ('weather', now(), now(), 1, $1)
       returning load_id, nextval('staging.file_id') as file_id`,
      [lines.length],
    );
    const columns = {
      Time: lines.map((one) => one.time),
      Value: lines.map((one) => one.value),
      Prediction: lines.map((one) => one.run),
      Site: lines.map((one) => one.site),
      Measurement: lines.map((one) => one.measurement),
      Unit: lines.map(() => ''),
    };
    await session.query(
      `insert into staging.weather_chunk (file_id, load_id, name, first_line, lines, columns) values ($1, $2, $3, 2, $4, $5::jsonb)`,
      [rows[0]?.file_id, rows[0]?.load_id, name, lines.length, JSON.stringify(columns)],
    );
  });
}

/** What is made of forecasts; where a test does not ask for all, the rest of the project has no part in it. */
const ofWeather = ['+silver.weather', '+fact_weather_hour', '+fact_weather_day', '+dim_apartment'];

/** A project on an empty database, gone after `work`. @param part what it builds. */
export async function withHome(
  kind: DatabaseKind,
  work: (home: Household, warehouse: Warehouse) => Promise<void>,
  part: readonly string[] = ofWeather,
): Promise<void> {
  const database = await kind.open();
  const home = new Household(database.warehouse, part);
  try {
    await ensureStaging(database.warehouse);
    await work(home, database.warehouse);
  } finally {
    home.dispose();
    await database.drop();
  }
}
