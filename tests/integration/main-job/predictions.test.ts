import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ensureStaging } from '../../../loaders/landing/staging.ts';
import { oneDatabase } from '../databases.ts';
import { bad, odd } from './bad-predictions.ts';
import { householdOn } from './household.ts';
import { at, insertRecords, officeFile, type PredictionRecord, predict, record } from './prediction-records.ts';

describe.each(oneDatabase)('predictions on $name', (kind) => {
  const on = householdOn(kind, ['+fact_prediction', '+prediction_rejects', '+fact_weather_hour', '+fact_weather_day']);
  const actuals = () =>
    on.home.rows(
      `select t.target_name as target, d.timestamp_utc as time, f.predicted_value as value, f.actual_value as actual
       from gold.fact_prediction f join gold.dim_target t using (target_key) join gold.dim_datetime d using (datetime_key)
       where length(t.target_name) < 50 order by 1, 2`,
    );

  it('without any prediction or forecast the tables are there and empty, and all tests pass', async () => {
    await ensureStaging(on.database.warehouse);
    const built = await on.home.build();
    expect(built.results.filter((result) => result.status === 'warn')).toEqual([]);
    for (const table of [
      'fact_prediction',
      'fact_weather_hour',
      'fact_weather_day',
      'dim_model',
      'dim_target',
      'dim_horizon',
    ])
      expect(await on.home.rows(`select from gold.${table}`), table).toEqual([]);
  });

  it('bad records give no row and their reasons, the odd ones beside them are read', async () => {
    await predict(on.database.warehouse, [...bad.map(([one]) => one), ...odd]);
    const built = await on.home.build();
    const rejects = await on.home.rows('select reason from silver.prediction_rejects order by load_id, row_no');
    expect(rejects.map((row) => row.reason)).toEqual(bad.map(([, reason]) => reason));
    expect(await on.home.rows('select from silver.predictions')).toHaveLength(odd.length);
    expect(await on.home.rows('select from gold.fact_prediction')).toHaveLength(odd.length);
    expect(built.results.find((result) => result.node.name === 'predictions_can_be_read')?.status).toBe('warn');
    const read = await on.home.rows(
      `select to_char(timestamp at time zone 'UTC', 'HH24:MI') as time, value, class, confidence from silver.predictions
       where target = 'presence' and timestamp > '2023-10-12T00:00Z' order by timestamp`,
    );
    expect(read).toEqual([
      { time: '00:01', value: 0.25, class: null, confidence: null },
      { time: '00:02', value: 1, class: null, confidence: null },
      { time: '00:03', value: null, class: 'present', confidence: 0.9 },
      { time: '00:04', value: 0.5, class: '7', confidence: null },
      { time: '00:05', value: 0.5, class: null, confidence: null },
      { time: '00:06', value: -1e308, class: null, confidence: null },
    ]);
    expect(
      await on.home.rows(`select model_version, model_type, to_char(trained_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') as trained
        from gold.dim_model where model_name = 'forest' and length(model_version) < 5 order by 1`),
    ).toEqual([
      { model_version: '1', model_type: 'random forest', trained: '2023-10-01 00:00' },
      { model_version: '2', model_type: null, trained: null },
      { model_version: '3.1', model_type: 'random forest', trained: '2023-10-01 00:00' },
    ]);
  });

  it('what was measured is filled in when the readings arrive, energy after a gap and a late first counter included', async () => {
    const targets = [
      'presence',
      'temperature_c',
      'co2_ppm',
      'humidity_pct',
      'noise_db',
      'pressure_hpa',
      'power_w',
      'energy_wh',
    ];
    const minutes = [10, 20, 30];
    await predict(
      on.database.warehouse,
      targets.flatMap((target) =>
        minutes.map((minute) => record({ target, timestamp: at(minute), value: minute / 100, window_minutes: 1 })),
      ),
    );
    await on.home.build({ dataTests: false });
    const figures = async () =>
      (await actuals())
        .filter((row) => minutes.some((minute) => row.value === minute / 100))
        .map((row) => [row.target, row.value, row.actual]);
    expect((await figures()).every(([, , actual]) => actual === null)).toBe(true);
    on.home.put([
      officeFile(10, { motion: true, temperature: 20, power: 60 }),
      officeFile(30, { motion: false, temperature: 21, power: 120 }),
    ]);
    await on.home.load();
    await on.home.build({ dataTests: false });
    const first = await figures();
    expect(first).toEqual([
      ...[0.1, 0.2, 0.3].map((value) => ['co2_ppm', value, value === 0.2 ? null : 600]),
      ['energy_wh', 0.1, 1],
      ['energy_wh', 0.2, null],
      ['energy_wh', 0.3, 2],
      ...[0.1, 0.2, 0.3].map((value) => ['humidity_pct', value, value === 0.2 ? null : 50]),
      ...[0.1, 0.2, 0.3].map((value) => ['noise_db', value, value === 0.2 ? null : 40]),
      ['power_w', 0.1, 60],
      ['power_w', 0.2, null],
      ['power_w', 0.3, 120],
      ['presence', 0.1, 1],
      ['presence', 0.2, null],
      ['presence', 0.3, 0],
      ...[0.1, 0.2, 0.3].map((value) => ['pressure_hpa', value, value === 0.2 ? null : 1000]),
      ['temperature_c', 0.1, 20],
      ['temperature_c', 0.2, null],
      ['temperature_c', 0.3, 21],
    ]);
    const energies = async () =>
      (await figures()).filter(([target]) => target === 'energy_wh').map(([, , actual]) => actual);
    // The first counter, at a minute nobody predicted for: what was made of power is void.
    on.home.put([officeFile(5, { total: 100 })]);
    await on.home.load();
    await on.home.build({ dataTests: false });
    expect(await energies()).toEqual([0, null, 0]);
    on.home.put([officeFile(20, { total: 110 }), officeFile(40, { total: 160 })]);
    await on.home.load();
    await on.home.build({ dataTests: false });
    expect(await energies()).toEqual([0, 10, 0]);
    // A late counter reading takes a part of the rise after it.
    on.home.put([officeFile(15, { total: 104 })]);
    await on.home.load();
    await on.home.build({ dataTests: false });
    expect(await energies()).toEqual([0, 6, 0]);
    const incremental = await on.home.contents();
    await on.home.build({ dataTests: false, fullRefresh: true });
    for (const [table, rows] of await on.home.contents()) expect(incremental.get(table), table).toEqual(rows);
  });

  it('reads the record of docs/predictions.md', async () => {
    const page = readFileSync(resolve(import.meta.dirname, '../../../docs/predictions.md'), 'utf8');
    const example = JSON.parse(/```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '');
    await predict(on.database.warehouse, [example]);
    await on.home.build({ dataTests: false });
    expect(
      await on.home.rows(
        `select f.datetime_key::text as minute, predicted_value, predicted_class, confidence from gold.fact_prediction f
         join gold.dim_model m using (model_key) where m.model_name = 'presence-forest'`,
      ),
    ).toEqual([{ minute: '202310120615', predicted_value: 0.83, predicted_class: 'present', confidence: 0.9 }]);
  });

  it('a room that never reported is predicted for, and gold names what a report needs', async () => {
    await predict(on.database.warehouse, [
      record({ room: 'Bhroom' }),
      record({ apartment: 'jeremie', room: 'Attic', class: 'away' }),
    ]);
    await on.home.build({ dataTests: false });
    expect(
      await on.home.rows(
        `select a.apartment_id, r.room_name, m.model_name, t.target_name, h.horizon_type, h.horizon_days, d.date_key, f.predicted_class
         from gold.fact_prediction f join gold.dim_room r using (room_key) join gold.dim_apartment a on a.apartment_key = f.apartment_key
         join gold.dim_model m using (model_key) join gold.dim_target t using (target_key) join gold.dim_horizon h using (horizon_key)
         join gold.dim_date d on d.date_key = f.date_key where r.room_name in ('Attic', 'Bathroom') order by 2`,
      ),
    ).toEqual([
      {
        apartment_id: 'jeremie',
        room_name: 'Attic',
        model_name: 'forest',
        target_name: 'presence',
        horizon_type: 'day',
        horizon_days: 1,
        date_key: 20231012,
        predicted_class: 'away',
      },
      {
        apartment_id: 'jimmy',
        room_name: 'Bathroom',
        model_name: 'forest',
        target_name: 'presence',
        horizon_type: 'day',
        horizon_days: 1,
        date_key: 20231012,
        predicted_class: null,
      },
    ]);
  });

  it('a predictor needs no right but to insert, by insert or COPY, and replaces what it said before', async () => {
    await on.database.warehouse.query('create role predictor_of_test');
    try {
      await on.database.warehouse.query('grant usage on schema staging to predictor_of_test');
      await on.database.warehouse.query('grant insert on staging.prediction to predictor_of_test');
      await on.database.warehouse.transaction(async (session) => {
        await session.query('set local role predictor_of_test');
        await insertRecords(session, [
          record({ timestamp: at(50), value: 0.1 }),
          record({ timestamp: at(50), value: 0.2 }),
        ]);
        // The embedded database takes COPY from a file of its own, which needs more rights than COPY from a client.
        if (on.database.url === undefined) await session.query('reset role');
        await session.copyIn(copyLines, copied([record({ timestamp: at(51), value: 0.3, class: 'a "b", \\n c' })]));
      });
      await expect(
        on.database.warehouse.transaction(async (session) => {
          await session.query('set local role predictor_of_test');
          await session.query('select from staging.prediction');
        }),
      ).rejects.toThrow(/permission denied/);
      const value = async () => {
        await on.home.build({ dataTests: false });
        return (await actuals())
          .filter((row) => [at(50), at(51)].includes(new Date(String(row.time)).toISOString()))
          .map((row) => row.value);
      };
      expect(await value()).toEqual([0.2, 0.3]);
      await predict(on.database.warehouse, [record({ timestamp: at(50), value: 0.9 })]);
      expect(await value()).toEqual([0.9, 0.3]);
    } finally {
      await on.database.warehouse.query('drop owned by predictor_of_test');
      await on.database.warehouse.query('drop role predictor_of_test');
    }
  });
});

/** As docs/predictions.md advises: a line is taken as it is. */
const copyLines = String.raw`copy staging.prediction (record) from stdin with (format csv, quote e'\x01', delimiter e'\x02')`;

async function* copied(records: readonly PredictionRecord[]): AsyncGenerator<string> {
  for (const one of records) yield `${JSON.stringify(one)}\n`;
}
