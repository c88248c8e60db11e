import { beforeAll, describe, expect, it } from 'vitest';
import { featureRelations } from '../../../cli/commands/predict.ts';
import { newestModels, promote } from '../../../predictions/models.ts';
import { scoreDue } from '../../../predictions/score.ts';
import { predictionSettings } from '../../../predictions/settings.ts';
import { trainModels } from '../../../predictions/train.ts';
import { oneDatabase } from '../databases.ts';
import { householdOn, sampleMinutes } from '../main-job/household.ts';

/** Four weeks of two rooms. @param motion minutes of motion, by h, a number by chance of the time that `step` seconds share. */
const history = (step: number, motion: string) => `insert into silver.room_quarter
    (quarter, apartment, room, motion_seen, motion_minutes, power_seen, power_w, load_id)
select q, 'jimmy', r.room, 15, ${motion}, 15, h % 1000, 1
from generate_series(timestamptz '2023-09-11 00:00Z', timestamptz '2023-10-09 23:45Z', interval '15 minutes') as g (q)
cross join (values ('Office'), ('Kitchen')) as r (room)
cross join lateral (
    select abs(hashtext((extract(epoch from q)::bigint / ${step})::text || r.room)) as h
) as x`;

const asOf = new Date('2023-10-10T00:00:00Z');
const settings = predictionSettings({ occupied: { rooms: ['Office', 'Kitchen'] } });

describe.each(oneDatabase)('predictions of the program itself on $name', (kind) => {
  const on = householdOn(kind);
  const learnFrom = async (sql: string, uses: readonly ('occupied' | 'mean_power_w')[]) => {
    await on.database.warehouse.query('delete from silver.room_quarter');
    await on.database.warehouse.query(sql);
    const relations = featureRelations(on.home.compile());
    return trainModels(on.database.warehouse, { relations, settings, uses, asOf });
  };
  const score = (at: Date) =>
    scoreDue(on.database.warehouse, {
      relations: featureRelations(on.home.compile()),
      settings,
      horizons: ['quarter', 'hour', 'day'],
      at,
    });
  const records = async () =>
    (await on.home.rows<{ n: number }>('select count(*)::int as n from staging.prediction'))[0]?.n;

  beforeAll(async () => {
    on.home.put(sampleMinutes('12.10.2023', (minute) => minute < 2));
    await on.home.load();
    await on.home.build();
  }, 240_000);

  it('where all is chance a baseline is the champion everywhere', async () => {
    const trained = await learnFrom(history(1, 'case when h % 3 = 0 then 2 else 0 end'), ['occupied', 'mean_power_w']);
    const champions = trained.map(({ models }) => models.find(({ isChampion }) => isChampion)?.name);
    expect(champions).toHaveLength(6);
    expect(champions.filter((name) => name === undefined || name.includes('trees'))).toEqual([]);
    for (const { auc } of trained.flatMap(({ models }) => models.map(({ evaluation }) => evaluation)))
      if (auc !== undefined) expect(Math.abs(auc - 0.5)).toBeLessThan(0.05);
  }, 240_000);

  it('what lasts for an hour and a half is learnt, and predicted once', async () => {
    const trained = await learnFrom(history(5400, 'case when h % 3 = 0 then 2 else 0 end'), ['occupied']);
    const soon = trained.find(({ horizon }) => horizon === 'quarter');
    const champion = soon?.models.find(({ isChampion }) => isChampion);
    const persistence = soon?.models.find(({ name }) => name === 'persistence');
    expect(champion?.name).toBe('trees');
    expect(champion?.evaluation.criterion).toBeLessThan(0.9 * (persistence?.evaluation.criterion ?? 0));
    expect(champion?.evaluation.auc).toBeGreaterThan(0.9);

    const before = Number(await records());
    const first = await score(asOf);
    expect(first.map(({ use, horizon, records, state }) => [use, horizon, records, state])).toEqual([
      ['occupied', 'quarter', 2, 'written'],
      ['occupied', 'hour', 2, 'written'],
      ['mean_power_w', 'quarter', 2, 'written'],
      ['mean_power_w', 'hour', 2, 'written'],
      ['occupied', 'day', 576, 'written'],
      ['mean_power_w', 'day', 576, 'written'],
    ]);
    expect(await records()).toBe(before + 1160);
    const again = await score(asOf);
    expect(again.every(({ state, records }) => state === 'there already' && records === 0)).toBe(true);
    expect(await records()).toBe(before + 1160);
    await on.home.build({ select: ['+fact_prediction'] });
    const [fact] = await on.home.rows(
      `select count(*)::int as rows, min(predicted_value) >= 0 and max(predicted_value) <= 1 as are_probabilities
       from gold.fact_prediction join gold.dim_target using (target_key) where target_name = 'occupied'`,
    );
    expect(fact).toEqual({ rows: 580, are_probabilities: true });
    expect(await on.home.rows('select * from silver.prediction_rejects')).toEqual([]);
  }, 240_000);

  it('an apartment that objects is neither learnt from nor predicted', async () => {
    const relations = featureRelations(on.home.compile());
    const objecting = { ...settings, exclude: ['jimmy'] };
    const at = new Date('2023-10-09T12:00:00Z');
    const { warehouse } = on.database;
    const scored = await scoreDue(warehouse, { relations, settings: objecting, horizons: ['quarter'], at });
    expect(scored.map(({ state }) => state)).toEqual(['no readings', 'no readings']);
    const trained = await trainModels(warehouse, { relations, settings: objecting, uses: ['occupied'], asOf });
    expect(trained.every(({ models }) => models.length === 0)).toBe(true);
  }, 120_000);

  it('a model is the champion once it is promoted', async () => {
    const { warehouse } = on.database;
    expect(await promote(warehouse, 'occupied', 'quarter', 'nothing', new Date())).toBe(false);
    expect(await promote(warehouse, 'occupied', 'quarter', 'last-week', asOf)).toBe(true);
    const champions = (await newestModels(warehouse)).filter(({ isChampion }) => isChampion);
    expect(champions.find(({ target, horizon }) => target === 'occupied' && horizon === 'quarter')?.name).toBe(
      'last-week',
    );
    expect(champions).toHaveLength(6);
  });
});
