import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeSampleRegistry } from '../../../cli/demo/sample-registry.ts';
import { loadRegistry } from '../../../loaders/registry/load-registry.ts';
import { oneDatabase } from '../databases.ts';
import { apartments, householdOn, sampleMinutes } from './household.ts';

const marts = ['room_hour', 'room_day', 'apartment_day'];

describe.each(oneDatabase)('hours and days for people on $name', (kind) => {
  const opened = householdOn(
    kind,
    marts.map((mart) => `+${mart}`),
  );

  async function expectFullRefreshToChangeNothing(): Promise<void> {
    const { home } = opened;
    const incremental = await home.contents();
    await home.build({ command: 'run', fullRefresh: true, select: marts });
    const full = await home.contents();
    for (const mart of marts) {
      expect(full.get(mart)?.length, mart).toBeGreaterThan(5);
      expect(incremental.get(mart), mart).toEqual(full.get(mart));
    }
  }

  it('give a day of the change of clocks 25 hours or 23, by local time', async () => {
    const { home } = opened;
    const few = (minute: number) => minute % 20 === 0;
    home.put([
      ...sampleMinutes('28.10.2023', (minute) => few(minute) && minute >= 1320),
      ...sampleMinutes('29.10.2023', few),
      ...sampleMinutes('25.03.2023', (minute) => few(minute) && minute >= 1380),
      ...sampleMinutes('26.03.2023', few),
    ]);
    await home.load();
    await home.build({ command: 'seed' });
    await home.build({ command: 'run' });
    expect(
      await home.rows(
        `select h.date_key, count(distinct h.hour_key)::integer as hours, (count(distinct h.hour_key) filter (where h.hour = 2))::integer as twos,
             (select max(d.expected_minutes) from gold.room_day as d where d.date_key = h.date_key) as expected
         from gold.room_hour as h where h.date_key in (20230326, 20231029) group by 1 order by 1`,
      ),
    ).toEqual([
      { date_key: 20230326, hours: 23, twos: 0, expected: 1380 },
      { date_key: 20231029, hours: 25, twos: 2, expected: 1500 },
    ]);
  });

  it('have the figures of the readings themselves', async () => {
    const [row] = await opened.home.rows<Record<string, number>>(
      `with office as (
           select r.room_key from gold.dim_room as r join gold.dim_apartment as a using (apartment_key)
           where a.apartment_id = 'jimmy' and r.room_name = 'Office'
       ),
       readings as (
           select * from silver.sensor_events as s where s.apartment = 'jimmy' and s.room = 'Office' and not s.is_outlier
               and (s.timestamp at time zone 'Europe/Zurich')::date = '2023-10-29'
       )
       select d.light_lux_max as most, (select max(value) from readings where field = 'light') as most_read,
           d.temperature_c_mean as mean, (select avg(value) from readings where field = 'temperature_c') as mean_read,
           d.energy_kwh_plugs as kwh, (select sum(f.energy_wh) / 1000 from gold.fact_energy_minute as f
               join gold.dim_datetime as t using (datetime_key) join office using (room_key)
               where (t.timestamp_utc at time zone 'Europe/Zurich')::date = '2023-10-29') as kwh_read,
           d.motion_minutes as motion, (select count(*) from readings where field = 'motion' and value = 1)::integer as motion_read,
           d.seen_minutes as seen, (select count(distinct timestamp) from readings)::integer as seen_read
       from gold.room_day as d join office using (room_key) where d.date_key = 20231029`,
    );
    expect(row?.seen).toBe(row?.seen_read);
    expect(row?.most).toBe(row?.most_read);
    expect(row?.motion).toBe(row?.motion_read);
    expect(row?.mean).toBeCloseTo(row?.mean_read ?? Number.NaN, 5);
    expect(row?.kwh).toBeCloseTo(row?.kwh_read ?? Number.NaN, 4);
  });

  it('take late files, and what the registry says later, as a rebuild does', async () => {
    const { home, database } = opened;
    const late = sampleMinutes('29.10.2023', (minute) => minute === 305 || minute === 730);
    home.put([...late, ...sampleMinutes('27.10.2023', (minute) => minute === 1439)]);
    await home.load('full');
    await home.build({ command: 'run' });
    await writeSampleRegistry(home.bronze);
    await loadRegistry(
      database.warehouse,
      { url: undefined, bronzeRoot: home.bronze, apartments },
      { mode: 'from-bronze', clock: () => new Date('2023-11-01T00:00:00Z') },
    );
    await home.build({ command: 'run' });
    expect(
      await home.rows(
        'select apartment_id, residents::integer, is_heated, building_year::integer from gold.dim_apartment order by 1',
      ),
    ).toEqual([
      { apartment_id: 'jeremie', residents: 1, is_heated: true, building_year: 2009 },
      { apartment_id: 'jimmy', residents: 2, is_heated: true, building_year: 1987 },
    ]);
    const reference = await home.rows<{ room: string; kwh: number }>(
      `select a.apartment_id || ' ' || r.room_name as room, (d.reference_kwh * 365) as kwh from gold.room_day as d
       join gold.dim_room as r using (room_key) join gold.dim_apartment as a on a.apartment_key = d.apartment_key
       where d.date_key = 20231029 and d.reference_kwh is not null order by 1`,
    );
    expect(reference.map(({ room, kwh }) => `${room} ${Math.round(kwh)}`)).toEqual([
      'jeremie Office 160',
      'jimmy Kitchen 210',
      'jimmy Laundry 190',
      'jimmy Living Room 120',
    ]);
    await expectFullRefreshToChangeNothing();
  });

  it('have presence of a room by the day only where seed room_types says so', async () => {
    const { home } = opened;
    const presence = () =>
      home.rows<{ grain: string; rows: number; sum: number | null }>(
        `select 'hour' as grain, count(h.presence_minutes)::integer as rows, sum(h.presence_minutes)::integer as sum
         from gold.room_hour as h join gold.dim_room as r using (room_key) where r.room_type = 'bathroom'
         union all select 'day', count(d.presence_minutes)::integer, sum(d.presence_minutes)::integer
         from gold.room_day as d join gold.dim_room as r using (room_key) where r.room_type = 'bathroom' order by 1`,
      );
    const [byDay, byHour] = await presence();
    expect(byHour?.rows).toBeGreaterThan(20);
    expect(byHour?.sum).toBe(byDay?.sum);
    const seed = join(home.project, 'seeds', 'room_types.csv');
    writeFileSync(seed, readFileSync(seed, 'utf8').replace('bathroom,hour', 'bathroom,day'));
    await home.build({ command: 'seed' });
    await home.build({ command: 'run' });
    expect(await presence()).toEqual([byDay, { grain: 'hour', rows: 0, sum: null }]);
    await expectFullRefreshToChangeNothing();
  });
});
