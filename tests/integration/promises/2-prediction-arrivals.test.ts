import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ensureStaging } from '../../../loaders/landing/staging.ts';
import { oneDatabase } from '../databases.ts';
import { Household } from '../main-job/household.ts';
import { at, forest, officeFile, predict, record } from '../main-job/prediction-records.ts';
import { rounds } from '../rounds.ts';

/** Predictions of presence for one minute from the one that counts to the one that counts least. */
const ranked = [
  record({ value: 0.11, horizon: { type: 'hour', days: 0 }, model: { ...forest, trained_at: '2023-01-01' } }),
  record({ value: 0.22, model: { ...forest, version: '9', trained_at: '2023-10-02' } }),
  record({ value: 0.33, model: { ...forest, name: 'boost' } }),
  record({ value: 0.44, model: { ...forest, version: '0' } }),
  record({ value: 0.55 }),
  record({ value: 0.66, model: { name: 'a', version: '1' } }),
  record({ value: 0.77, horizon: { type: 'day', days: 2 } }),
];

describe.each(oneDatabase)('presence_prob and random arrivals on $name', (kind) => {
  it('takes the best prediction by what they say, whatever the order they came in, and none outside 0 to 1', async () => {
    const database = await kind.open();
    const home = new Household(database.warehouse, ['+fact_presence_minute']);
    try {
      home.put(ranked.map((_, index) => officeFile(index, { motion: true })));
      await home.load();
      for (const [index, best] of ranked.entries()) {
        const others = ranked.slice(index + 1).map((one) => ({ ...one, timestamp: at(index) }));
        const one = [{ ...best, timestamp: at(index) }];
        const impossible = [
          record({
            timestamp: at(index),
            value: 1.5,
            horizon: { type: 'hour', days: 0 },
            model: { ...forest, name: 'aa' },
          }),
        ];
        for (const batch of index % 2 === 0 ? [one, others, impossible] : [impossible, others, one]) {
          if (batch.length > 0) await predict(database.warehouse, batch);
          if (index < 2) await home.build({ dataTests: false });
        }
      }
      await home.build({ dataTests: false });
      const found = await home.rows('select presence_prob as p from gold.fact_presence_minute order by datetime_key');
      expect(found.map((row) => row.p)).toEqual(ranked.map((one) => one.value));
    } finally {
      home.dispose();
      await database.drop();
    }
  });

  it('after files and predictions in random order and batches, replaced ones included, equals a full refresh', async () => {
    const file = fc.record({
      minute: fc.integer({ min: 0, max: 12 }),
      motion: fc.option(fc.boolean(), { nil: undefined }),
      temperature: fc.option(fc.integer({ min: -30, max: 30 }), { nil: undefined }),
      power: fc.option(fc.integer({ min: 0, max: 90 }), { nil: undefined }),
      total: fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined }),
    });
    const prediction = fc
      .record({
        minute: fc.integer({ min: 0, max: 13 }),
        target: fc.constantFrom(
          'presence',
          'energy_wh',
          'energy_wh',
          'power_w',
          'Consumption',
          'temperature_c',
          'mood',
        ),
        window_minutes: fc.constantFrom(1, 3, 15, undefined),
        minutes: fc.constantFrom(15, 60, undefined, undefined),
        days: fc.integer({ min: 0, max: 1 }),
        version: fc.constantFrom('1', '2'),
        type: fc.constantFrom('tree', 'forest', undefined),
        trained: fc.constantFrom('2023-10-01', '2022-01-01', undefined),
        value: fc.double({ min: -0.1, max: 1.1, noNaN: true }),
        room: fc.constantFrom('Office', 'Office', 'Office', 'Kitchen', undefined),
      })
      .map(({ minute, target, window_minutes, minutes, days, version, type, trained, value, room }) =>
        record({
          timestamp: at(minute),
          target,
          value,
          room,
          window_minutes,
          horizon: { type: 'day', days, minutes },
          model: { name: 'm', version, type, trained_at: trained },
        }),
      );
    const step = fc.record({
      files: fc.array(file, { maxLength: 4 }),
      predictions: fc.array(prediction, { maxLength: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 6 }), async (steps) => {
        const database = await kind.open();
        const home = new Household(database.warehouse);
        let named = 0;
        try {
          await ensureStaging(database.warehouse);
          for (const { files, predictions } of steps) {
            // Each file has a name of its own, so that several may speak of one minute.
            home.put(
              files.map(({ minute, ...sent }) => ({
                ...officeFile(minute, sent),
                name: officeFile(100 + named++, {}).name,
              })),
            );
            await home.load();
            if (predictions.length > 0) await predict(database.warehouse, predictions);
            await home.build({ dataTests: false });
          }
          const incremental = await home.contents();
          await home.build({ dataTests: false, fullRefresh: true });
          for (const [table, rows] of await home.contents()) expect(incremental.get(table), table).toEqual(rows);
        } finally {
          home.dispose();
          await database.drop();
        }
      }),
      { numRuns: rounds({ gate: 1, long: 10 }) },
    );
  }, 600_000);
});
