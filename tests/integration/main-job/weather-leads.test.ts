import { describe, expect, it } from 'vitest';
import { oneDatabase } from '../databases.ts';
import { hour, type Line, land, line, withHome } from './weather-lines.ts';

/** Twelve hours of a model that runs every three hours, of the last three runs each; the first hour of a run lacks the sum of the rain. */
function linesWithLeads(): Line[] {
  return Array.from({ length: 12 }, (_, at) => at).flatMap((at) =>
    [0, 3, 6].flatMap((further) => {
      const lead = (at % 3) + further;
      return [
        line(hour('10-02', at), 'temperature_c', 10 * lead + at / 10, lead),
        line(hour('10-02', at), 'precipitation_mm', lead === 0 ? -99999 : lead, lead),
      ];
    }),
  );
}

describe.each(oneDatabase)('the column Prediction of forecasts on $name', (kind) => {
  it('is a lead where the times less it are multiples of three hours; the newest run counts, by measurement', () =>
    withHome(kind, async (home, warehouse) => {
      await land(warehouse, '10-01', linesWithLeads());
      await home.build();
      expect(
        await home.rows(
          `select prediction, lead_hours, run_at::text as run_at from silver.weather_forecasts
           where measurement = 'temperature_c' and timestamp = '2023-10-02 04:00+00' order by 1`,
        ),
      ).toEqual([
        { prediction: 1, lead_hours: 1, run_at: '2023-10-02 03:00:00+00' },
        { prediction: 4, lead_hours: 4, run_at: '2023-10-02 00:00:00+00' },
        { prediction: 7, lead_hours: 7, run_at: '2023-10-01 21:00:00+00' },
      ]);
      const clean = (hours: string) =>
        home.rows(
          `select extract(hour from timestamp at time zone 'UTC')::int as hour, temperature_c, precipitation_mm, lead_hours
           from silver.weather_clean where extract(hour from timestamp at time zone 'UTC') in (${hours}) order by 1`,
        );
      expect(await clean('3, 4')).toEqual([
        { hour: 3, temperature_c: 0.3, precipitation_mm: 3, lead_hours: 0 },
        { hour: 4, temperature_c: 10.4, precipitation_mm: 1, lead_hours: 1 },
      ]);
      expect(
        await home.rows(
          `select temperature_c, precipitation_mm, lead_hours, n_leads, n_model_runs from gold.fact_weather_hour
           where datetime_key in (202310020300, 202310020400) order by datetime_key`,
        ),
      ).toEqual([
        { temperature_c: 0.3, precipitation_mm: 3, lead_hours: 0, n_leads: 3, n_model_runs: 3 },
        { temperature_c: 10.4, precipitation_mm: 1, lead_hours: 1, n_leads: 3, n_model_runs: 3 },
      ]);
      // A newer file has an older run of four o'clock and a newer one of five; and one that numbers its runs.
      await land(warehouse, '10-02', [
        line(hour('10-02', 4), 'temperature_c', -4, 4),
        line(hour('10-02', 5), 'temperature_c', -2, 2),
        line(hour('10-02', 5), 'precipitation_mm', 0.5, 2),
      ]);
      await land(
        warehouse,
        '10-03',
        [0, 12].map((run) => line(hour('10-02', 7), 'temperature_c', run, run)),
      );
      await home.build();
      expect(await clean('4, 5, 7')).toEqual([
        { hour: 4, temperature_c: 10.4, precipitation_mm: 1, lead_hours: 1 },
        { hour: 5, temperature_c: -2, precipitation_mm: 0.5, lead_hours: 2 },
        { hour: 7, temperature_c: 6, precipitation_mm: null, lead_hours: null },
      ]);
      const incremental = await home.contents();
      await home.build({ dataTests: false, fullRefresh: true });
      for (const [table, rows] of await home.contents()) expect(incremental.get(table), table).toEqual(rows);
    }));

  it('of forecasts with leads the smallest counts that is no outlier, and that measurement by measurement', () =>
    withHome(kind, async (home, warehouse) => {
      await land(warehouse, '12-31', [
        line(hour('12-31', 22), 'temperature_c', 99, 1),
        line(hour('12-31', 22), 'temperature_c', 4, 4),
        line(hour('12-31', 22), 'temperature_c', 7, 7),
        line(hour('12-31', 22), 'precipitation_mm', -99999, 1),
        line(hour('12-31', 22), 'precipitation_mm', 0.4, 4),
        line(hour('12-31', 22), 'humidity_pct', 50, 1),
        line(hour('12-31', 23), 'temperature_c', 2, 2),
      ]);
      await home.build();
      expect(
        await home.rows(
          `select datetime_key::text as hour, temperature_c, humidity_pct, precipitation_mm, lead_hours, n_leads, n_model_runs
           from gold.fact_weather_hour order by 1`,
        ),
      ).toEqual([
        {
          hour: '202312312200',
          temperature_c: 4,
          humidity_pct: 50,
          precipitation_mm: 0.4,
          lead_hours: 1,
          n_leads: 3,
          n_model_runs: 3,
        },
        {
          hour: '202312312300',
          temperature_c: 2,
          humidity_pct: null,
          precipitation_mm: null,
          lead_hours: 2,
          n_leads: 1,
          n_model_runs: 1,
        },
      ]);
    }));
});
