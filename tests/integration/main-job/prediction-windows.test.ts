import { describe, expect, it } from 'vitest';
import { oneDatabase } from '../databases.ts';
import { householdOn } from './household.ts';
import { at, officeFile, type PredictionRecord, predict, record } from './prediction-records.ts';

describe.each(oneDatabase)('what a prediction is compared with on $name', (kind) => {
  const on = householdOn(kind, ['+fact_prediction_motion', '+fact_prediction_consumption']);

  it('a prediction is compared with its window: any motion, the mean power of valid rows, however late they come', async () => {
    const model = { name: 'windowed' };
    const window = (target: string, minute: number, more: PredictionRecord = {}) =>
      record({ model, target, timestamp: at(minute), horizon: { minutes: 15 }, ...more });
    await predict(on.database.warehouse, [
      window('Presence', 60),
      window('presence', 75),
      window('PRESENCE', 90),
      window('Consumption', 60),
      window('mean_power_w', 60, { window_minutes: '30' }),
      window('temperature_c', 60),
      window('energy_wh', 60, { window_minutes: 90, value: 7 }),
    ]);
    const measured = async () =>
      Object.fromEntries(
        (
          await on.home.rows<{ what: string; actual: number | null }>(
            `select t.target_name || ' ' || right(f.datetime_key::text, 4) as what, f.actual_value as actual
             from gold.fact_prediction f join gold.dim_target t using (target_key) join gold.dim_model m using (model_key)
             where m.model_name = 'windowed' order by 1`,
          )
        ).map(({ what, actual }) => [what, actual]),
      );
    const steps = [
      // The first and the last minute of a window belong to it, the one after does not.
      [
        [officeFile(60, { motion: false, temperature: 20, power: 100 }), officeFile(75, { motion: false, power: 999 })],
        {
          'presence 0100': 0,
          'presence 0115': 0,
          'presence 0130': null,
          'consumption 0100': 100,
          'mean_power_w 0100': 549.5,
        },
      ],
      [
        [officeFile(74, { motion: true, temperature: 23, power: 50 })],
        {
          'presence 0100': 1,
          'presence 0115': 0,
          'presence 0130': null,
          'consumption 0100': 75,
          'mean_power_w 0100': 383,
        },
      ],
      // A power beyond the bounds is no valid row; motion that is late, in a window that had none.
      [
        [officeFile(66, { power: 99_999 }), officeFile(80, { motion: true }), officeFile(89, { power: 51 })],
        {
          'presence 0100': 1,
          'presence 0115': 1,
          'presence 0130': null,
          'consumption 0100': 75,
          'mean_power_w 0100': 300,
        },
      ],
    ] as const;
    for (const [files, expected] of steps) {
      on.home.put(files);
      await on.home.load();
      await on.home.build({ dataTests: false });
      expect(await measured()).toMatchObject(expected);
    }
    expect((await measured())['temperature_c 0100']).toBe(21.5);
    const incremental = await on.home.contents();
    await on.home.build({ dataTests: false, fullRefresh: true });
    for (const [table, rows] of await on.home.contents()) expect(incremental.get(table), table).toEqual(rows);
  });

  it('a workflow goes on reading and writing the tables that it had, with the defaults of a record', async () => {
    await on.home.build({ dataTests: false, select: ['fact_prediction_motion', 'fact_prediction_consumption'] });
    await on.database.warehouse.query(
      `insert into gold.fact_prediction_motion (predicted_occupied, apartment, room, timestamp_rounded, actual_occupied, model_name, target)
       values (1, 'jimmy', 'Office', '2023-10-12 01:00', 1, 'logistic_regression', 'Presence'), (0, 'jimmy', 'Office', '2023-10-12 01:15', 1, 'logistic_regression', 'Presence')`,
    );
    await on.database.warehouse.query(
      `insert into gold.fact_prediction_consumption (predicted_consumption, apartment, room, timestamp_rounded, model_name, target)
       values (42, 'jimmy', 'Office', '2023-10-12 01:00', 'linear_regression', 'Consumption')`,
    );
    await on.home.build({ dataTests: false, select: ['+fact_prediction_motion', '+fact_prediction_consumption'] });
    expect(
      await on.home.rows(
        `select predicted_occupied as predicted, actual_occupied as actual, to_char(timestamp_rounded, 'HH24:MI') as at, target
         from gold.fact_prediction_motion where model_name = 'logistic_regression' order by 3`,
      ),
    ).toEqual([
      { predicted: 1, actual: 1, at: '01:00', target: 'Presence' },
      { predicted: 0, actual: 1, at: '01:15', target: 'Presence' },
    ]);
    expect(
      await on.home.rows(
        `select predicted_consumption as predicted, predicted_power_w as power, actual_power as actual, apartment, room
         from gold.fact_prediction_consumption where model_name = 'linear_regression'`,
      ),
    ).toEqual([{ predicted: 42, power: 42, actual: 75, apartment: 'jimmy', room: 'Office' }]);
    expect(
      await on.home.rows(
        `select horizon_name, model_version from silver.predictions where model_name = 'linear_regression'`,
      ),
    ).toEqual([{ horizon_name: 'minute +15', model_version: '1' }]);
  });

  it('a door that stands open is no presence to predict, and a record says only what it has to', async () => {
    await predict(on.database.warehouse, [
      {
        model: { name: 'bare' },
        target: 'Presence',
        apartment: 'jimmy',
        room: 'Bdroom',
        timestamp: '2023-10-12T03:00:30',
        value: 1,
      },
      {
        model: { name: 'bare' },
        target: 'presence',
        apartment: 'jimmy',
        room: 'Bdroom',
        timestamp: '2023-10-12 03:00',
        horizon: { minutes: 60 },
        run_at: '2023-10-12 02:00',
        value: 0,
      },
      {
        model: { name: 'bare' },
        target: 'presence',
        apartment: 'jimmy',
        room: 'Bdroom',
        timestamp: '2023-10-12T03:00Z',
        horizon: { type: 'Day', days: 1, minutes: 1500 },
        value: 0,
      },
    ]);
    on.home.put([
      {
        name: '12.10.2023 0305_JimmyLoup_received.json',
        content: JSON.stringify({ doorsWindows: { Bdroom: { type: 'Door', switch: 'on' } } }),
      },
    ]);
    await on.home.load();
    await on.home.build({ dataTests: false });
    expect(
      await on.home.rows(
        `select m.model_version as version, f.datetime_key::text as minute, f.window_minutes as window, h.horizon_name as horizon,
           h.horizon_type as type, h.horizon_days as days, h.horizon_minutes as minutes, f.actual_value as actual,
           to_char(f.run_at at time zone 'UTC', 'HH24:MI') as run
         from gold.fact_prediction f join gold.dim_model m using (model_key) join gold.dim_horizon h using (horizon_key)
         where m.model_name = 'bare' order by h.horizon_minutes`,
      ),
    ).toEqual(
      [
        { horizon: 'minute +15', type: 'minute', days: 0, minutes: 15, run: null },
        { horizon: 'minute +60', type: 'minute', days: 0, minutes: 60, run: '02:00' },
        { horizon: 'day +1500', type: 'day', days: 1, minutes: 1500, run: null },
      ].map((one) => ({ version: '1', minute: '202310120300', window: 15, actual: null, ...one })),
    );
  });
});
