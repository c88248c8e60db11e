import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oneDatabase } from '../databases.ts';
import { rounds } from '../rounds.ts';
import { sampleMinutes } from './household.ts';
import { codes, hour, land, line, withHome } from './weather-lines.ts';

const hours = `select d.datetime_key::text as hour, s.site_name as site, w.prediction_date_key as issued, w.temperature_c, w.humidity_pct,
        w.precipitation_mm, w.radiation_wm2, w.n_model_runs as runs
    from gold.fact_weather_hour w join gold.dim_datetime d using (datetime_key) join gold.dim_weather_site s using (site_key)
    order by 1, 2, 3`;
const days = `select w.date_key as day, s.site_name as site, h.horizon_type, h.horizon_days, w.prediction_date_key as issued, w.temperature_c_avg,
        w.humidity_pct_avg, w.precipitation_mm_sum, w.radiation_whm2_sum, w.hours
    from gold.fact_weather_day w join gold.dim_weather_site s using (site_key) join gold.dim_horizon h using (horizon_key)
    order by 1, 2, 4`;

describe.each(oneDatabase)('weather in gold on $name', (kind) => {
  it('hours are means over runs without outliers, days the means and sums of their hours, by horizon', () =>
    withHome(kind, async (home, warehouse) => {
      await land(warehouse, '12-30', [
        line(hour('12-31', 22), 'temperature_c', 1, 0),
        line(hour('12-31', 22), 'temperature_c', 2, 1),
        line(hour('12-31', 22), 'temperature_c', 999, 2),
        line(hour('12-31', 22), 'humidity_pct', 50, 2),
        line(hour('12-31', 22), 'radiation_wm2', 100),
        line(hour('12-31', 23), 'temperature_c', 4),
        line(hour('12-31', 23), 'precipitation_mm', 0.1),
        line(hour('12-31', 23), 'precipitation_mm', 0.3, 1),
        line(hour('12-31', 23), 'radiation_wm2', 50),
        line('2024-01-01 00:00:00+00:00', 'temperature_c', -99),
        line(hour('12-31', 22), 'temperature_c', 7, 0, 'Visp'),
      ]);
      await land(warehouse, '12-31', [line(hour('12-31', 22), 'temperature_c', 3)]);
      await home.build();
      const none = { temperature_c: null, humidity_pct: null, precipitation_mm: null, radiation_wm2: null };
      expect(await home.rows(hours)).toEqual([
        {
          hour: '202312312200',
          site: 'Sion',
          issued: 20231230,
          ...none,
          temperature_c: 1.5,
          humidity_pct: 50,
          radiation_wm2: 100,
          runs: 3,
        },
        { hour: '202312312200', site: 'Sion', issued: 20231231, ...none, temperature_c: 3, runs: 1 },
        {
          hour: '202312312300',
          site: 'Sion',
          issued: 20231230,
          ...none,
          temperature_c: 4,
          precipitation_mm: 0.2,
          radiation_wm2: 50,
          runs: 2,
        },
        { hour: '202401010000', site: 'Sion', issued: 20231230, ...none, runs: 0 },
      ]);
      const nothing = {
        temperature_c_avg: null,
        humidity_pct_avg: null,
        precipitation_mm_sum: null,
        radiation_whm2_sum: null,
      };
      expect(await home.rows(days)).toEqual([
        {
          day: 20231231,
          site: 'Sion',
          horizon_type: 'day',
          horizon_days: 0,
          issued: 20231231,
          ...nothing,
          temperature_c_avg: 3,
          hours: 1,
        },
        {
          day: 20231231,
          site: 'Sion',
          horizon_type: 'day',
          horizon_days: 1,
          issued: 20231230,
          temperature_c_avg: 2.75,
          humidity_pct_avg: 50,
          precipitation_mm_sum: 0.2,
          radiation_whm2_sum: 150,
          hours: 2,
        },
        { day: 20240101, site: 'Sion', horizon_type: 'day', horizon_days: 2, issued: 20231230, ...nothing, hours: 0 },
      ]);
      // No sensor has reported: the dates are those of the forecasts alone, days of issue included.
      expect(await home.rows('select min(date)::text as first, max(date)::text as last from gold.dim_date')).toEqual([
        { first: '2023-01-01', last: '2024-12-31' },
      ]);
      expect(
        await home.rows(
          'select apartment_id, s.site_name from gold.dim_apartment a join gold.dim_weather_site s on s.site_key = a.weather_site_key order by 1',
        ),
      ).toEqual([
        { apartment_id: 'jeremie', site_name: 'Sion' },
        { apartment_id: 'jimmy', site_name: 'Sion' },
      ]);
    }));

  it('forecasts within an hour are one hour: their mean, however often they come', () =>
    withHome(kind, async (home, warehouse) => {
      const half = '2023-12-31 22:30:00+00:00';
      await land(warehouse, '12-31', [
        line(hour('12-31', 22), 'radiation_wm2', 100),
        line(half, 'radiation_wm2', 200),
        line(hour('12-31', 23), 'radiation_wm2', 50),
      ]);
      await home.build({ dataTests: false });
      const found = () =>
        home.rows(`select datetime_key::text as hour, radiation_wm2 as mean, n_model_runs as runs
          from gold.fact_weather_hour order by 1, prediction_date_key`);
      expect(await found()).toEqual([
        { hour: '202312312200', mean: 150, runs: 1 },
        { hour: '202312312300', mean: 50, runs: 1 },
      ]);
      // Another day's file has the half hour alone.
      await land(warehouse, '12-30', [line(half, 'radiation_wm2', 600, 1), line(half, 'radiation_wm2', 200)]);
      await home.build({ dataTests: false });
      expect(await found()).toEqual([
        { hour: '202312312200', mean: 400, runs: 2 },
        { hour: '202312312200', mean: 150, runs: 1 },
        { hour: '202312312300', mean: 50, runs: 1 },
      ]);
      expect(await home.rows('select radiation_whm2_sum as sum, hours from gold.fact_weather_day order by 1')).toEqual([
        { sum: 200, hours: 2 },
        { sum: 400, hours: 1 },
      ]);
      expect(await home.rows('select minute from gold.dim_datetime')).toEqual([{ minute: 0 }, { minute: 0 }]);
      const incremental = await home.contents();
      await home.build({ dataTests: false, fullRefresh: true });
      for (const [table, rows] of await home.contents()) expect(incremental.get(table), table).toEqual(rows);
    }));

  it('a day of issue before the year 1000 and values of any size come through, tests included', () =>
    withHome(kind, async (home, warehouse) => {
      const seed = join(home.project, 'seeds', 'measurements.csv');
      writeFileSync(
        seed,
        readFileSync(seed, 'utf8').replace('0,500', ',').replace('0,1500', ',').replace('-50,60', ','),
      );
      await land(warehouse, '12-31', [
        line(hour('12-31', 22), 'precipitation_mm', 123_456_789_012.3),
        line(hour('12-31', 23), 'precipitation_mm', 987_654_321_098.7),
        line(hour('12-31', 22), 'radiation_wm2', 9.9e98),
        line(hour('12-31', 23), 'radiation_wm2', -1e17 / 3),
        line(hour('12-31', 22), 'temperature_c', 1e20 / 3),
      ]);
      await warehouse.query(`update staging.weather_chunk set name = 'Pred_0999-12-30.csv'`);
      await home.build();
      expect(
        await home.rows(
          `select prediction_date_key as issued, horizon_days as ahead, precipitation_mm_sum as rain, hours
           from gold.fact_weather_day join gold.dim_horizon using (horizon_key)`,
        ),
      ).toEqual([{ issued: 9991230, ahead: 374009, rain: 1_111_111_110_111, hours: 2 }]);
    }));

  it('dates reach back to a day of issue in the year before', () =>
    withHome(kind, async (home, warehouse) => {
      home.put(sampleMinutes('12.10.2023', (minute) => minute < 2));
      await home.load();
      await home.build({ dataTests: false });
      const span = () =>
        home.rows('select min(date_key) as first, max(date_key) as last, count(*)::int as days from gold.dim_date');
      expect(await span()).toEqual([{ first: 20230101, last: 20231231, days: 365 }]);
      await warehouse.query(`insert into staging.load (source, started_at) values ('weather', now())`);
      await land(warehouse, '01-01', [line(hour('01-01', 3), 'temperature_c', 1)]);
      await warehouse.query(`update staging.weather_chunk set name = 'Pred_2022-12-31.csv'`);
      await home.build({ dataTests: false });
      expect(await span()).toEqual([{ first: 20220101, last: 20231231, days: 730 }]);
      const built = await home.build({ dataTests: false });
      expect(built.results.reduce((sum, one) => sum + one.inserted + one.updated + one.deleted, 0)).toBe(0);
    }));

  it('the sites are those of WEATHER_SITES: trimmed, each once; another list rebuilds all that depends on it', () =>
    withHome(kind, async (home, warehouse) => {
      const sites = () => home.rows('select site_name from gold.dim_weather_site order by 1');
      const keys = () => home.rows('select site_key, site_name from gold.dim_weather_site order by 1');
      const facts = () =>
        home.rows(
          `select distinct s.site_name as site from gold.fact_weather_day join gold.dim_weather_site s using (site_key) order by 1`,
        );
      await land(
        warehouse,
        '05-01',
        ['Sion', 'Visp', 'Aadorf / Tänikon'].map((site) => line(hour('05-02', 4), 'temperature_c', 5, 0, site)),
      );
      await land(warehouse, '05-02', [line(hour('05-03', 7), 'temperature_c', 5, 0, 'Visp')]);
      await home.build({ dataTests: false });
      expect([await sites(), await facts()]).toEqual([[{ site_name: 'Sion' }], [{ site: 'Sion' }]]);
      expect(await home.rows('select from gold.dim_datetime')).toHaveLength(1);
      const [sion] = await keys();
      const env = { WEATHER_SITES: ` Visp,, Sion , Visp,Nowhere,Aadorf / Tänikon,` };
      await home.build({ dataTests: false, env });
      expect((await sites()).map((row) => row.site_name)).toEqual(['Aadorf / Tänikon', 'Nowhere', 'Sion', 'Visp']);
      expect((await facts()).map((row) => row.site)).toEqual(['Aadorf / Tänikon', 'Sion', 'Visp']);
      expect(await keys()).toContainEqual(sion);
      expect(await home.rows('select from gold.dim_datetime')).toHaveLength(2);
      const rebuilt = await home.contents();
      await home.build({ dataTests: false, env, fullRefresh: true });
      for (const [table, rows] of await home.contents()) expect(rebuilt.get(table), table).toEqual(rows);
      await home.build({ dataTests: false, env: { WEATHER_SITES: 'Visp' } });
      expect([await sites(), await facts()]).toEqual([[{ site_name: 'Visp' }], [{ site: 'Visp' }]]);
      expect(await home.rows('select weather_site_key as site from gold.dim_apartment')).toEqual([
        { site: null },
        { site: null },
      ]);
    }));

  it('after forecasts in random order and batches, beside sensor files, equals a full refresh', async () => {
    const one = fc
      .record({
        day: fc.constantFrom('12-30', '12-31', '01-01'),
        at: fc.integer({ min: 0, max: 3 }),
        measurement: fc.constantFrom(...(Object.keys(codes) as (keyof typeof codes)[])),
        value: fc.oneof(fc.double({ min: -60, max: 120, noNaN: true }), fc.constantFrom(0.1, 0.2, 0.3, -99999, 5000)),
        run: fc.integer({ min: 0, max: 3 }),
        site: fc.constantFrom('Sion', 'Sion', 'Visp', 'Zermatt'),
      })
      .map(({ day, at, measurement, value, run, site }) => line(hour(day, at), measurement, value, run, site));
    const file = fc.record({
      issued: fc.constantFrom('12-26', '12-27', '12-28', '12-29', '12-30', '12-31', '01-01'),
      lines: fc.array(one, { minLength: 1, maxLength: 60 }),
      sensors: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(file, { minLength: 3, maxLength: 6, selector: (one) => one.issued }), (files) =>
        withHome(
          kind,
          async (home, warehouse) => {
            const env = { WEATHER_SITES: 'Sion,Zermatt' };
            for (const [index, { issued, lines, sensors }] of files.entries()) {
              await land(warehouse, issued, lines);
              if (sensors) {
                home.put(sampleMinutes('31.12.2023', (minute) => minute === 58 + index));
                await home.load();
              }
              await home.build({ dataTests: false, env });
            }
            const incremental = await home.contents();
            await home.build({ dataTests: false, env, fullRefresh: true });
            for (const [table, rows] of await home.contents()) expect(incremental.get(table), table).toEqual(rows);
          },
          [],
        ),
      ),
      { numRuns: rounds({ gate: 1, long: 10 }) },
    );
  }, 600_000);
});
