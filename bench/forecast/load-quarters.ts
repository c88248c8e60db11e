import { withClient } from '../database.ts';
import type { BenchHousehold } from './household.ts';
import type { Quarter } from './quarters.ts';

const features = ['room_quarter_state', 'room_quarter_target', 'weather_as_of', 'dim_apartment'];
const rowsAtOnce = 10_000;

/** Builds what features are read from on the last minute of the household alone, and puts its quarters in the place of what that comes to. */
export async function loadQuarters(on: BenchHousehold, url: string, quarters: readonly Quarter[]): Promise<void> {
  await on.run(url, 'load', 'sensors', '--full');
  await on.run(url, 'load', 'weather', 'registry', '--from-bronze');
  await on.run(url, 'seed');
  await on.run(url, 'run', '--select', ...features.map((name) => `+${name}`));
  await withClient(url, async (client) => {
    await client.query('delete from silver.room_quarter');
    for (let from = 0; from < quarters.length; from += rowsAtOnce)
      await client.query(
        `insert into silver.room_quarter (quarter, apartment, room, motion_seen, motion_minutes, door_open_minutes, window_open_minutes,
            power_seen, power_w, light_lux, co2_ppm, noise_db, temperature_c, load_id)
         select quarter, apartment, room, motion_seen, motion_minutes, door_open_minutes, window_open_minutes,
            power_seen, power_w, light_lux, co2_ppm, noise_db, temperature_c, 1
         from jsonb_populate_recordset(null::silver.room_quarter, $1::jsonb)`,
        [JSON.stringify(quarters.slice(from, from + rowsAtOnce))],
      );
    await client.query('analyze silver.room_quarter');
  });
}
