import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeBuilding } from '../../../cli/demo/building/building.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { Building } from './building.ts';
import { roomDays } from './loops.ts';

/** What sensors write that is of no use; every 40th line of some files gets the next of them. */
const faults = ['579.27', '-40.10', '', 'NaN', '-500.96', '34456.00', '120.00', 'none'];

/** Every kind of fault in every kind of file, and a room of which one sensor never says anything of use. */
function damage(folder: string): void {
  let next = 0;
  for (const room of ['413', '415', '419', '421']) {
    for (const sensor of ['co2', 'humidity', 'luminosity', 'pir', 'temperature']) {
      const path = join(folder, room, `${sensor}.csv`);
      const lines = readFileSync(path, 'utf8').split('\n');
      const isDead = room === '421' && sensor === 'co2';
      const damaged = lines.map((line, at) => {
        if (line === '' || (at % 40 !== 7 && !isDead)) return line;
        next += 1;
        return `${line.split(',')[0]}, ${isDead ? '12.00' : faults[next % faults.length]}`;
      });
      writeFileSync(path, [...damaged.slice(0, 30), 'restarted', ...damaged.slice(30)].join('\n'));
    }
  }
}

describe.each(oneDatabase)('the smart building, on $name', (kind) => {
  let db: TestDatabase;
  let building: Building;
  beforeAll(async () => {
    db = await kind.open();
    building = new Building(db.warehouse);
    await writeBuilding(building.recorded, { rooms: 8, days: 2, step: 300 });
    damage(building.recorded);
    // A room that has no thermometer at all.
    rmSync(join(building.recorded, '423', 'temperature.csv'));
  });
  afterAll(async () => {
    building.dispose();
    await db.drop();
  });

  it('gives rooms the figures that plain loops over the recording give, whatever came in which order', async () => {
    // Room by room and sensor by sensor, built in between: most hours are late when they come.
    await building.replay({ rooms: ['413', '415'], sensors: ['pir', 'co2'] });
    await building.build();
    await building.replay({ rooms: ['413', '421', '423'], sensors: ['temperature', 'luminosity'] });
    await building.build();
    // All of it, what was landed before included.
    expect((await building.replay()).landed).toBe(building.lines().length);
    await building.build();
    const expected = roomDays(building.lines());
    expect(expected).toHaveLength(16);
    const { rows } = await db.warehouse.query<Record<string, unknown>>(
      'select d.*, d.event_date::text as event_date from gold.room_daily_metrics as d order by d.event_date, d.room',
    );
    expect(rows).toHaveLength(expected.length);
    for (const [at, day] of expected.entries()) {
      for (const [name, value] of Object.entries(day)) {
        const found = rows[at]?.[name];
        const where = `${day.event_date} ${day.room} ${name}`;
        if (typeof value !== 'number') expect(found, where).toBe(value);
        else expect(Math.abs(Number(found) - value), `${where}: ${found} and ${value}`).toBeLessThanOrEqual(1e-9);
      }
    }
    // The faults are there, or this would prove nothing.
    const flags = await db.warehouse.query(
      'select quality_flag as flag, count(*)::integer > 30 as many from silver.sensor_readings group by 1 order by 1',
    );
    expect(flags.rows).toEqual([
      { flag: 'MISSING', many: true },
      { flag: 'OK', many: true },
      { flag: 'OUTLIER', many: true },
    ]);
    expect(rows.filter(({ co2_avg }) => co2_avg === null)).toHaveLength(2);
    expect(rows.filter(({ temp_avg }) => temp_avg === null)).toHaveLength(2);
  });

  it('equals a rebuild, and changes no row when a day is replayed and built again', async () => {
    // The quality of a day that is older than the two newest follows by a backfill.
    await building.build({ range: { start: '2013-08-23', end: '2013-08-24' } });
    const incremental = await building.contents();
    const before = await db.warehouse.query('select count(*)::integer as rows from staging.stream_message');
    await building.replay({}, true);
    const after = await db.warehouse.query('select count(*)::integer as rows from staging.stream_message');
    expect(Number(after.rows[0]?.rows)).toBe(Number(before.rows[0]?.rows) + building.lines().length);
    const again = await building.build({ range: { start: '2013-08-23', end: '2013-08-25' } });
    const changed = again.results
      .filter(({ node }) => node.kind === 'model')
      .map(({ node, inserted, updated, deleted }) => [node.name, inserted + updated + deleted]);
    expect(Object.fromEntries(changed)).toEqual({
      sensor_readings: 0,
      sensor_timeseries_hourly: 0,
      room_daily_metrics: 0,
      sensor_day_quality: 0,
      known_rooms: 0,
      known_sensor_types: 0,
    });
    expect(await building.contents()).toEqual(incremental);
    await building.build({ fullRefresh: true });
    const full = await building.contents();
    for (const [name, rows] of full) expect(incremental.get(name), name).toEqual(rows);
    expect(full.get('sensor_readings')?.length).toBeGreaterThan(10_000);
    expect(full.get('sensor_day_quality')?.length).toBe(78);
  });
});
