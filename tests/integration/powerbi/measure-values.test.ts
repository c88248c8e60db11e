import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSampleForecasts } from '../../../cli/demo/sample-forecasts.ts';
import { writeSampleRegistry } from '../../../cli/demo/sample-registry.ts';
import { loadRegistry } from '../../../loaders/registry/load-registry.ts';
import { loadWeather } from '../../../loaders/weather/load-weather.ts';
import { measureQueries, measureQuery } from '../../../powerbi/preview/measure-query.ts';
import type { Narrowing } from '../../../powerbi/preview/measure-rows.ts';
import type { Exposure } from '../../../runner/manifest/exposure.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { apartments, Household, type NamedFile, sampleMinutes } from '../main-job/household.ts';
import { at, predict, record, storeTrained } from '../main-job/prediction-records.ts';
import { forecastMeasures, forecastRecords } from './measure-values/by-hand-forecasts.ts';
import { minuteMeasures } from './measure-values/by-hand-minutes.ts';
import { otherMeasures } from './measure-values/by-hand-others.ts';
import { contexts, inContext, narrowings } from './measure-values/contexts.ts';
import { testsOfTheModel } from './semantic-model.ts';

const byHand: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ...minuteMeasures,
  ...otherMeasures,
  ...forecastMeasures,
};
const file = join(import.meta.dirname, 'measure-values', 'expected.txt');

/** As the file has it: numbers to ten digits, since sums of doubles hang on the order of the rows. */
function written(value: unknown): string {
  if (value === null || value === undefined) return 'blank';
  const number = Number(value);
  return Number.isNaN(number) ? String(value) : String(Number(number.toPrecision(10)));
}

interface Computed {
  readonly measure: string;
  readonly context: string;
  readonly value: string;
  /** By hand. */
  readonly other: string;
}

function withoutMeter({ name, content }: NamedFile): NamedFile {
  const { consumptions: _, ...others } = JSON.parse(content);
  return { name, content: JSON.stringify(others) };
}

/** So that the demo day does not begin with what the plugs counted since. */
function withoutPlugs({ name, content }: NamedFile): NamedFile {
  const { plugs: _, ...others } = JSON.parse(content);
  return { name, content: JSON.stringify(others) };
}

/** With a battery that is nearly empty; it is changed by the next day. */
function withLowBattery({ name, content }: NamedFile): NamedFile {
  return { name, content: content.replace(/(?<="devicePower": ?)69/, '9') };
}

/** A forecast of the fortnight's last days, of which the outlook is. */
function writeLateForecast(bronze: string): void {
  const folder = join(bronze, 'weather', '2023', '10', '29');
  mkdirSync(folder, { recursive: true });
  const lines = [28, 29, 30, 31].flatMap((day) =>
    [3, 9, 15, 21].map((hour) => {
      const time = `2023-10-${day} ${String(hour).padStart(2, '0')}:00:00+00:00`;
      return `${time},${day / 4 + hour / 8},00,Sion,PRED_T_2M_ctrl,°C`;
    }),
  );
  const head = 'Time,Value,Prediction,Site,Measurement,Unit';
  writeFileSync(join(folder, 'Pred_2023-10-29.csv'), `${[head, ...lines].join('\n')}\n`);
}

describe.each(oneDatabase)('the project for Power BI on $name', (kind) => {
  let database: TestDatabase;
  let home: Household;
  let exposures: readonly Exposure[];

  beforeAll(async () => {
    database = await kind.open();
    home = new Household(database.warehouse);
    // The demo day whole, and a fortnight of less: a day on which a meter is silent, a part of a day, one day missing.
    const fortnight = Array.from({ length: 14 }, (_, index) => 17 + index).filter((day) => day !== 22);
    home.put([
      ...sampleMinutes('12.10.2023', () => true),
      // The night in which an hour is left out, from one o'clock local time.
      ...sampleMinutes('26.03.2023', (minute) => minute < 180 && minute % 20 === 0).map(withoutPlugs),
      ...fortnight.flatMap((day) =>
        sampleMinutes(
          `${day}.10.2023`,
          (minute) =>
            (minute % 48 === day % 5 && (day !== 20 || minute < 600)) || (day === 29 && minute >= 600 && minute < 660),
        )
          .map((file) => (day === 25 && file.name.includes('Jeremie') ? withoutMeter(file) : file))
          .map((file) => (day === 17 && file.name.includes('Jeremie') ? withLowBattery(file) : file)),
      ),
    ]);
    await home.load();
    await writeSampleForecasts(home.bronze);
    writeLateForecast(home.bronze);
    await writeSampleRegistry(home.bronze);
    const source = { sftp: undefined, bronzeRoot: home.bronze, attempts: 1, retryDelay: 0 };
    await loadWeather(database.warehouse, source, { mode: 'from-bronze', clock: () => new Date() });
    const registry = { url: undefined, bronzeRoot: home.bronze, apartments };
    await loadRegistry(database.warehouse, registry, { mode: 'from-bronze', clock: () => new Date() });
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
  });
  afterAll(async () => {
    home?.dispose();
    await database?.drop();
  });

  testsOfTheModel(() => ({ database, home, exposures }));

  /** The value of each measure in each context, by its `sql` and by hand: one statement for those of a table in a context. */
  async function computed(): Promise<readonly Computed[]> {
    const found = new Map<string, Computed[]>();
    for (const exposure of exposures.filter(({ measures }) => measures.length > 0)) {
      const measures = exposure.measures.map(({ name }) => name);
      for (const name of measures) found.set(name, []);
      for (const context of contexts) {
        const where = narrowings(context);
        const { queries, refused } = measureQueries(exposures, { table: exposure.name, measures, by: [], where });
        expect(refused).toEqual([]);
        const values = new Map<string, unknown>();
        for (const query of queries) {
          const { rows } = await database.warehouse.query(query.sql, query.params);
          for (const [index, name] of query.measures.entries()) values.set(name, rows[0]?.[`value${index + 1}`]);
        }
        const hands = measures.map((name) => {
          const hand = byHand[exposure.name]?.[name];
          expect(hand, `${name}, by hand`).toBeDefined();
          return inContext(hand ?? '', exposure, context, exposures);
        });
        const [others] = await home.rows(`select ${hands.map((hand, at) => `(${hand}) as h${at}`).join(', ')}`);
        for (const [at, name] of measures.entries())
          found.get(name)?.push({
            measure: name,
            context: context.name,
            value: written(values.get(name)),
            other: written(others?.[`h${at}`]),
          });
      }
    }
    return [...found.values()].flat();
  }

  it('has for each measure a value by SQL that the same figure written another way has, too', async () => {
    const found = await computed();
    const line = ({ measure, context, value }: Computed) => `${measure} | ${context} | ${value}`;
    expect(
      found.filter(({ value, other }) => value !== other).map((one) => `${line(one)}, by hand ${one.other}`),
    ).toEqual([]);
    if (process.env.UPDATE_GOLDEN) writeFileSync(file, `${found.map(line).join('\n')}\n`);
    expect(found.length).toBeGreaterThan(1500);
    expect(found.map(line)).toEqual(readFileSync(file, 'utf8').trimEnd().split('\n'));
    // None is blank wherever it is asked for.
    const never = new Set(found.map(({ measure }) => measure));
    for (const { measure, value } of found) if (value !== 'blank') never.delete(measure);
    expect([...never]).toEqual([]);
    const of = (measure: string, context: string) =>
      found.find((one) => one.measure === measure && one.context === context)?.value;
    // Without a chosen week all days would be compared with themselves, and a day whose week before is empty with nothing.
    for (const context of ['everything', 'eight days at noon', 'demo day'])
      for (const measure of ['Energy of the previous week', 'Energy against the previous week'])
        expect(of(measure, context), `${measure}, ${context}`).toBe('blank');
    expect(Number(of('Energy against the previous week', 'a week'))).not.toBe(0);
    // A battery that was changed needs no other one.
    expect([of('Lowest battery', 'Jérémie'), of('Devices needing a battery', 'Jérémie')]).toEqual(['9', '0']);
    // A day on which the meter is silent does not show the plugs: the month does not contain them.
    const silent = 'a day on which the meter is silent, Jérémie';
    expect(Number(of('Energy of plugs', silent))).toBeGreaterThan(0);
    for (const measure of ['Energy', 'Cost', 'Average power']) expect(of(measure, silent), measure).toBe('blank');
  }, 400_000);

  it('knows no hour two of the night in which it is left out, and expects 23 hours of its day', async () => {
    const day: Narrowing = { field: { table: 'Date', name: 'Date' }, values: ['2023-03-26'] };
    const hoursOf = async (table: string, name: string, column: string) => {
      const by = [{ table: column.split('.')[0] ?? '', name: column.split('.')[1] ?? '' }];
      const query = measureQuery(exposures, { measure: { table, name }, by, where: [day] });
      if ('reason' in query) throw new Error(query.reason);
      const { rows } = await database.warehouse.query<Record<string, unknown>>(query.sql, query.params);
      return rows.map(({ by1 }) => Number(by1)).sort((a, b) => a - b);
    };
    expect(await hoursOf('Environment by minute', 'Average temperature', 'Minute.Hour (local)')).toEqual([1, 3, 4]);
    expect(await hoursOf('Room by hour', 'Comfort score', 'Room by hour.Hour (local)')).toEqual([1, 3, 4]);
    expect(await home.rows('select distinct expected_minutes from gold.room_day where date_key = 20230326')).toEqual([
      { expected_minutes: 23 * 60 },
    ]);
  });

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
