import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSampleForecasts } from '../../../cli/demo/sample-forecasts.ts';
import { loadWeather } from '../../../loaders/weather/load-weather.ts';
import { measureQuery } from '../../../powerbi/preview/measure-query.ts';
import type { Exposure } from '../../../runner/manifest/exposure.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { Household, sampleMinutes } from '../main-job/household.ts';
import { at, predict, record, storeTrained } from '../main-job/prediction-records.ts';
import { forecastMeasures, forecastRecords } from './measure-values/by-hand-forecasts.ts';
import { minuteMeasures } from './measure-values/by-hand-minutes.ts';
import { otherMeasures } from './measure-values/by-hand-others.ts';
import { contexts, type FilterContext } from './measure-values/contexts.ts';

const byHand: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ...minuteMeasures,
  ...otherMeasures,
  ...forecastMeasures,
};
const file = join(import.meta.dirname, 'measure-values', 'expected.txt');

/** Measures that read what no SQL over the rows of one table can: other days, or another table. */
const inDaxAlone = [
  'Energy of the month',
  'Energy of the previous day',
  'Energy against the previous day',
  'Energy of the previous week',
  'Energy against the previous week',
  'Energy against the average day',
  'Temperature against the previous day',
  'Inside minus forecast',
  'Forecast error',
];

/** As the file has it: numbers to ten digits, since sums of doubles hang on the order of the rows. */
function written(value: unknown): string {
  if (value === null || value === undefined) return 'blank';
  const number = Number(value);
  return Number.isNaN(number) ? String(value) : String(Number(number.toPrecision(10)));
}

describe.each(oneDatabase)('the measures of the project on $name', (kind) => {
  let database: TestDatabase;
  let home: Household;
  let exposures: readonly Exposure[];

  beforeAll(async () => {
    database = await kind.open();
    home = new Household(database.warehouse);
    // The demo day whole, and a fortnight of less: a day without a meter's apartment, a part of a day, one day missing.
    const fortnight = Array.from({ length: 14 }, (_, index) => 17 + index).filter((day) => day !== 22);
    home.put([
      ...sampleMinutes('12.10.2023', () => true),
      ...fortnight.flatMap((day) =>
        sampleMinutes(
          `${day}.10.2023`,
          (minute) =>
            (minute % 48 === day % 5 && (day !== 20 || minute < 600)) || (day === 29 && minute >= 600 && minute < 660),
        ),
      ),
    ]);
    await home.load();
    await writeSampleForecasts(home.bronze);
    const source = { sftp: undefined, bronzeRoot: home.bronze, attempts: 1, retryDelay: 0 };
    await loadWeather(database.warehouse, source, { mode: 'from-bronze', clock: () => new Date() });
    await predict(database.warehouse, [
      ...[0, 300, 600, 900, 1200].flatMap((minute) => [
        record({ timestamp: at(minute), value: minute / 1300 }),
        record({ timestamp: at(minute), target: 'consumption', value: 10 + minute }),
      ]),
      record({ timestamp: at(720), room: 'Bedroom', value: 0.9 }),
      ...forecastRecords,
    ]);
    await storeTrained(database.warehouse);
    await home.build();
    exposures = home.compile().exposures;
  }, 300_000);
  afterAll(async () => {
    home?.dispose();
    await database?.drop();
  });

  const measures = () => exposures.flatMap((exposure) => exposure.measures.map((measure) => ({ exposure, measure })));

  /** The context as a condition on what the measure's table has. */
  function condition(exposure: Exposure, { keys }: FilterContext): string {
    const has = new Set(exposure.columns.map(({ source }) => source));
    const parts = Object.entries(keys).flatMap(([key, sql]) => (has.has(key) && sql !== undefined ? [sql] : []));
    return `(${['true', ...parts].join(' and ')})`;
  }

  it('have each a value by SQL that the same figure written another way has, too', async () => {
    const lines: string[] = [];
    const apart: string[] = [];
    for (const { exposure, measure } of measures()) {
      const byAnotherWay = byHand[exposure.name]?.[measure.name];
      expect(byAnotherWay === undefined, measure.name).toBe(inDaxAlone.includes(measure.name));
      if (byAnotherWay === undefined) continue;
      for (const context of contexts) {
        const query = measureQuery(exposures, {
          measure: { table: exposure.name, name: measure.name },
          by: [],
          where: context.where,
        });
        if ('reason' in query) throw new Error(query.reason);
        const { rows } = await database.warehouse.query<{ value: unknown }>(query.sql, query.params);
        const [hand] = await home.rows(byAnotherWay.replaceAll('{w}', condition(exposure, context)));
        const value = written(rows[0]?.value);
        const line = `${measure.name} | ${context.name} | `;
        const other = written(hand && Object.values(hand)[0]);
        if (other !== value) apart.push(`${line}${value}, by hand ${other}`);
        lines.push(line + value);
      }
    }
    expect(apart).toEqual([]);
    if (process.env.UPDATE_GOLDEN) writeFileSync(file, `${lines.join('\n')}\n`);
    expect(lines.length).toBeGreaterThan(400);
    expect(lines).toEqual(readFileSync(file, 'utf8').trimEnd().split('\n'));
  }, 400_000);

  const inside = 'r.is_inside';
  it.each([
    ['Presence by minute', 'Presence share', inside],
    ['Presence by minute', 'Hours present', inside],
    ['Presence by minute', 'Active rooms', inside],
    ['Presence by minute', 'Rooms observed', inside],
    [
      'Environment by minute',
      'Comfort share',
      `${inside} and not f.is_anomaly and num_nulls(f.temperature_c, f.humidity_pct) = 0`,
    ],
    ['Environment by minute', 'Minutes above 1000 ppm', 'not f.is_anomaly and f.co2_ppm is not null'],
    ['Environment by minute', 'Share above 1000 ppm', 'not f.is_anomaly and f.co2_ppm is not null'],
    ['Environment by minute', 'Window open share', 'r.has_window_sensor'],
    ['Environment by minute', 'Door open share', 'r.has_door_sensor'],
    ['Environment by minute', 'Rooms open now', 'r.has_window_sensor or r.has_door_sensor'],
    ['Environment by minute', 'Anomaly share', 'true'],
    ['Energy by minute', 'Energy', 'f.is_valid'],
    ['Energy by minute', 'Cost', 'f.is_valid'],
  ])(
    '%s: %s is 0 rather than blank in each room and hour in which there is something to count',
    async (table, name, counts) => {
      const by = [
        { table: 'Room', name: 'Room' },
        { table: 'Minute', name: 'Hour (local)' },
      ];
      const query = measureQuery(exposures, { measure: { table, name }, by, where: [] });
      if ('reason' in query) throw new Error(query.reason);
      const { rows } = await database.warehouse.query<{ value: unknown }>(query.sql, query.params);
      const fact = exposures.find((one) => one.name === table)?.model.replace('model.', '') ?? '';
      const [cells] = await home.rows<{ n: number }>(
        `select count(distinct (r.room_name, t.hour_local))::integer as n from gold.${fact} as f
       join gold.dim_room as r on r.room_key = f.room_key join gold.dim_datetime as t on t.datetime_key = f.datetime_key where ${counts}`,
      );
      expect(cells?.n).toBeGreaterThan(20);
      expect(rows).toHaveLength(cells?.n ?? 0);
    },
  );

  it('presence as SAP Analytics Cloud gets it is that of the minutes, with labels in five languages', async () => {
    const [sums] = await home.rows(
      `with hours as (
           select p.datetime_key / 100 * 100 as hour_key, p.room_key, count(*) filter (where p.presence_flag) as present,
               count(*) filter (where p.motion_count > 0) as moved, max(q.predicted) as predicted
           from gold.fact_presence_minute as p
           left join (
               select f.room_key, f.datetime_key / 100 * 100 as hour_key, avg(f.predicted_value) as predicted
               from gold.fact_prediction as f join gold.dim_target as t using (target_key)
               where t.target_name in ('presence', 'occupied') and coalesce(f.role, 'champion') = 'champion'
               group by 1, 2
           ) as q on q.room_key = p.room_key and q.hour_key = p.datetime_key / 100 * 100
           group by 1, 2
       )
       select count(*)::integer as rows,
           count(*) filter (where s.presence_minutes = h.present and s.presence_share = round(h.present / 60.0, 4)
               and s.motion_count = h.moved and s.predicted_probability is not distinct from h.predicted::numeric(7, 6))::integer as same,
           count(s.predicted_probability)::integer as predicted, count(distinct s.apartment)::integer as apartments
       from gold.sac_presence as s full join hours as h using (hour_key, room_key)`,
    );
    expect(sums).toMatchObject({ same: sums?.rows, predicted: 7, apartments: 2 });
    expect(Number(sums?.rows)).toBeGreaterThan(500);
    const [noon] = await home.rows(
      `select date::text, hour, weekday_fr, month_ro, room_en, room_fr, room_es, room_ro, room_pt, predicted_probability::float8 as probability
       from gold.sac_presence where hour_key = 202310121200 and room = 'Bedroom' and apartment = 'Jimmy'`,
    );
    expect(noon).toEqual({
      date: '2023-10-12',
      hour: 14,
      weekday_fr: 'jeudi',
      month_ro: 'octombrie',
      room_en: 'Bedroom',
      room_fr: 'Chambre',
      room_es: 'Dormitorio',
      room_ro: 'Dormitor',
      room_pt: 'Quarto',
      probability: 0.9,
    });
    // Where the clock goes back an hour comes twice, and both are rows of their own.
    const twice = await home.rows(
      `select count(distinct hour_key)::integer as hours from gold.sac_presence where date = '2023-10-29' and hour = 2`,
    );
    expect(twice).toEqual([{ hours: 2 }]);
  });
});
