import { expect } from 'vitest';
import { featureRelations } from '../../../cli/predict/relations.ts';
import { backtest } from '../../../predictions/backtest.ts';
import { newestModels } from '../../../predictions/models.ts';
import type { PredictionSettings } from '../../../predictions/settings.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import type { Household } from '../main-job/household.ts';
import { learners } from './short-history.ts';

/** Compares over history, first without storing anything; then gold says of the forecasts what was said of them, and they are no champion's. */
export async function expectKept(home: Household, warehouse: Warehouse, settings: PredictionSettings): Promise<void> {
  const stored = async () => [
    await newestModels(warehouse),
    await home.rows('select count(*)::int as records from staging.prediction'),
  ];
  const before = await stored();
  const compare = async (keeps: boolean) => {
    const walk = {
      from: new Date('2023-10-04T00:00:00Z'),
      to: new Date('2023-10-10T00:00:00Z'),
      stepMs: 4 * 86_400_000,
    };
    const [uses, horizons] = [['occupied'] as const, ['quarter'] as const];
    const relations = featureRelations(home.compile());
    const [done] = await backtest(warehouse, { relations, settings, learners, uses, horizons, ...walk, keeps });
    return done;
  };
  // Another model is the champion now, and nothing has predicted since: gold says so.
  await home.build({ select: ['dim_model'], dataTests: false });
  const now = await home.rows(
    `select role from gold.dim_model where model_name = 'occupied-quarter-trees' and role is not null`,
  );
  expect(now).toEqual([{ role: 'challenger' }]);
  const done = await compare(false);
  expect(done?.models[0]?.name).toBe('trees');
  // Six days of two rooms.
  expect(done?.models.map(({ evaluation }) => evaluation.rows)).toEqual(done?.models.map(() => 6 * 96 * 2));
  expect([done?.kept, await stored()]).toEqual([0, before]);
  // By what has learnt and the mean of the hour of the week.
  expect(await compare(true)).toEqual({ ...done, kept: 2 * 6 * 96 * 2 });
  await home.build({ select: ['+fact_model_evaluation'], dataTests: false });
  const kept = await home.rows(
    `select m.model_name as model, count(distinct m.model_key)::int as versions, sum(e.n)::int as windows,
         round((sum(e.sum_sq_error) / sum(e.n))::numeric, 6)::float8 as brier
     from gold.fact_model_evaluation as e join gold.dim_model as m using (model_key)
     where m.model_name like '%-backtest' group by 1 order by 1 desc`,
  );
  const brierOf = (name: string) =>
    expect.closeTo(done?.models.find((one) => one.name === name)?.evaluation.criterion ?? Number.NaN, 5);
  expect(kept).toEqual([
    { model: 'occupied-quarter-trees-backtest', versions: 2, windows: 6 * 96 * 2, brier: brierOf('trees') },
    {
      model: 'occupied-quarter-hour-of-week-backtest',
      versions: 2,
      windows: 6 * 96 * 2,
      brier: brierOf('hour-of-week'),
    },
  ]);
  expect(await newestModels(warehouse)).toEqual(before[0]);
  const roles = await home.rows(
    `select distinct f.role from gold.fact_prediction as f join gold.dim_model using (model_key) where model_name like '%-backtest' order by 1`,
  );
  expect(roles).toEqual([{ role: 'baseline' }, { role: 'challenger' }]);
}
