import type { Warehouse } from '../warehouse/warehouse.ts';
import type { Installation } from './installation.ts';

/** What both have to come to, in the order of their making. */
const measures: Readonly<Record<string, string>> = {
  sensor_events: 'round(sum(value::numeric), 2)',
  fact_energy_minute: 'round(sum(energy_wh::numeric), 3)',
  fact_environment_minute: 'round(sum(temperature_c::numeric), 2)',
  fact_presence_minute: 'sum(motion_count)',
  fact_device_health_day: 'sum(missing_readings)',
};

/** A floor that did other work would be no floor. @throws Error if the rows of the two differ. */
export async function assertSameRows(on: Installation): Promise<void> {
  for (const [table, sum] of Object.entries(measures)) {
    const figures = async (schema: string, of: 'datacycle' | 'floor') =>
      JSON.stringify(
        await on.query(
          async (db) => (await db.query(`select count(*), ${sum} as sum from ${schema}.${table}`)).rows[0],
          of,
        ),
      );
    const floor = await figures('floor', 'floor');
    const ours = await figures(table === 'sensor_events' ? 'silver' : 'gold', 'datacycle');
    if (floor !== ours) throw new Error(`${table}: the floor has ${floor}, datacycle has ${ours}`);
  }
}

export interface Silver {
  readonly rows: number;
  /** Of the table, the index of its key and that on load_id, by row. */
  readonly bytesARow: number;
  readonly floorBytesARow: number;
}

export async function measureSilver(on: Installation): Promise<Silver> {
  const [rows, bytes] = await on.query((db) => size(db, 'silver.sensor_events'));
  const [floorRows, floorBytes] = await on.query((db) => size(db, 'floor.sensor_events'), 'floor');
  return { rows, bytesARow: Math.round(bytes / rows), floorBytesARow: Math.round(floorBytes / floorRows) };
}

async function size(db: Warehouse, table: string): Promise<[rows: number, bytes: number]> {
  const { rows } = await db.query<{ rows: number; bytes: number }>(
    `select count(*)::float8 as rows,
         (select pg_relation_size(t.table) + sum(pg_relation_size(i.indexrelid)) from pg_index as i where i.indrelid = t.table)::float8 as bytes
     from (select to_regclass($1) as table) as t
     cross join ${table}
     group by t.table`,
    [table],
  );
  return [rows[0]?.rows ?? 0, rows[0]?.bytes ?? 0];
}
