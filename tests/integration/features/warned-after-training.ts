import { expect } from 'vitest';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import type { Household } from '../main-job/household.ts';

/** Other versions of all champions, as a training makes them each day, do not make the forecasts of a week good: all versions count. */
export async function expectWarnedAfterTraining(
  home: Household,
  warehouse: Warehouse,
  warnings: () => Promise<readonly string[]>,
): Promise<void> {
  await warehouse.query(
    `insert into staging.model
        (target, horizon, name, version, is_baseline, trained_from, trained_to, rows, apartments, evaluation, content, chosen_at)
     select target, horizon, name, version || '-again', is_baseline, trained_from, trained_to, rows, apartments, evaluation - 'drift', content,
        chosen_at + interval '1 hour'
     from staging.model
     where (target, horizon, chosen_at) in (select target, horizon, max(chosen_at) from staging.model group by 1, 2)`,
  );
  await home.build({ dataTests: false, select: ['dim_model'] });
  expect(await warnings()).toEqual(['forecast_errors_do_not_grow', 'prediction_intervals_hold']);
  await warehouse.query(`delete from staging.model where version like '%-again'`);
  await home.build({ dataTests: false, select: ['dim_model'] });
}
