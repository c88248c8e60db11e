import { expect } from 'vitest';
import {
  dayMs,
  dropFeatures,
  examplesOf,
  type FeatureRelations,
  prepareFeatures,
} from '../../../predictions/examples.ts';
import { type Scored, scoreDue } from '../../../predictions/score.ts';
import type { PredictionSettings } from '../../../predictions/settings.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';

/**
 * An apartment of which nothing was read in the quarter of the daily origin is predicted days ahead, and learnt from, as long as something was
 * read within a day before; what comes later changes nothing. Within hours it is not predicted. Leaves silver.room_quarter as it was.
 */
export async function expectSilentPredicted(
  warehouse: Warehouse,
  relations: FeatureRelations,
  settings: PredictionSettings,
): Promise<void> {
  const origin = Date.parse('2023-10-09T05:15:00Z');
  const score = async (time: string, isAgain = false): Promise<readonly string[]> => {
    if (!isAgain) await warehouse.query('delete from staging.prediction; delete from staging.prediction_run');
    const at = new Date(time);
    const scored = await scoreDue(warehouse, { relations, settings, horizons: ['quarter', 'hour', 'day'], at });
    return scored.map(({ use, horizon, state, records }: Scored) => `${use} ${horizon}: ${state} ${records}`);
  };
  const standing = async () =>
    (await warehouse.query('select record from staging.prediction order by record::text')).rows;
  const silence = async (from: string, to: string) => {
    await warehouse.query('delete from silver.room_quarter; insert into silver.room_quarter table public.reported');
    await warehouse.query('delete from silver.room_quarter where quarter >= $1 and quarter < $2', [from, to]);
  };
  /** The origins of days in what is learnt from. */
  const learnt = () =>
    warehouse.session(async (session) => {
      await prepareFeatures(session, relations, origin - dayMs, origin + 2 * dayMs);
      const wanted = { use: 'occupied', horizon: 'day', from: origin - dayMs, to: origin + 2 * dayMs } as const;
      const { origins } = await examplesOf(session, settings, { ...wanted, codes: [], isKnown: true });
      await dropFeatures(session);
      return [...new Set(origins)].map((one) => new Date(one).toISOString().slice(0, 10));
    });

  await warehouse.query('create table public.reported as table silver.room_quarter');
  const reporting = await score('2023-10-09T05:30:00Z');
  const written = reporting.filter((text) => text.includes('day'));
  expect(written).toHaveLength(2);
  for (const text of written) expect(text).toContain('day: written 1746');

  // What was read until five is what there is of the day; it reports again at half past six.
  await silence('2023-10-09 05:00Z', '2023-10-09 06:30Z');
  const silent = ['occupied', 'mean_power_w'].flatMap((use) => [
    `${use} quarter: no readings 0`,
    `${use} hour: no readings 0`,
  ]);
  expect(await score('2023-10-09T05:30:00Z')).toEqual([...silent, ...written]);
  const made = await standing();
  expect(await learnt()).toEqual(['2023-10-08', '2023-10-09', '2023-10-10']);
  // The readings come late, after it was predicted: it is predicted from once.
  await silence('infinity', 'infinity');
  const again = await score('2023-10-09T05:30:00Z', true);
  expect(again.slice(-2)).toEqual(['occupied day: there already 0', 'mean_power_w day: there already 0']);
  // And without anything that came after the origin the forecasts are the same.
  await silence('2023-10-09 05:00Z', 'infinity');
  expect(await score('2023-10-09T05:30:00Z')).toEqual([...silent, ...written]);
  expect(await standing()).toEqual(made);

  // The whole day before but its first quarter was silent, or that one, too.
  await silence('2023-10-08 05:45Z', '2023-10-09 06:30Z');
  expect((await score('2023-10-09T07:00:00Z')).slice(-2).map((text) => text.split(': ')[1])).toEqual(
    // Of the day that has begun it is not known what was measured since midnight: no record of the whole day.
    [`written ${1746 - 6}`, `written ${1746 - 6}`],
  );
  await silence('2023-10-08 05:30Z', '2023-10-09 06:30Z');
  expect((await score('2023-10-09T07:00:00Z')).slice(-2)).toEqual([
    'occupied day: no readings 0',
    'mean_power_w day: no readings 0',
  ]);
  expect(await learnt()).toEqual(['2023-10-08', '2023-10-10']);
  await silence('infinity', 'infinity');
  await warehouse.query('drop table public.reported');
}
