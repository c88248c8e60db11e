import { expect } from 'vitest';
import type { FeatureRelations } from '../../../predictions/examples.ts';
import { scoreDue } from '../../../predictions/score.ts';
import type { PredictionSettings } from '../../../predictions/settings.ts';
import { trainModels } from '../../../predictions/train.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';

/** Of an apartment that objects nothing is predicted or learnt, and what is learnt of others does not name it: an erasure would find it there. */
export async function expectUnknown(
  warehouse: Warehouse,
  relations: FeatureRelations,
  settings: PredictionSettings,
  asOf: Date,
): Promise<void> {
  const request = { relations, settings: { ...settings, exclude: ['jimmy'] } };
  const at = new Date('2023-10-09T12:00:00Z');
  const scored = await scoreDue(warehouse, { ...request, horizons: ['quarter'], at });
  expect(scored.map(({ state }) => state)).toEqual(['no readings', 'no readings']);
  const trained = await trainModels(warehouse, { ...request, uses: ['occupied'], asOf });
  expect(trained.every(({ models }) => models.length === 0)).toBe(true);

  await warehouse.query(
    `insert into silver.room_quarter (quarter, apartment, room, motion_seen, motion_minutes, power_seen, power_w, load_id)
     select quarter, 'jeremie', room, motion_seen, motion_minutes, power_seen, power_w, load_id from silver.room_quarter`,
  );
  const known = { ...settings, exclude: ['jeremie'], minDays: 3650 };
  const others = await trainModels(warehouse, { relations, settings: known, uses: ['occupied'], asOf });
  expect(others.every(({ models }) => models.length > 0)).toBe(true);
  const { rows } = await warehouse.query(
    `select count(*) filter (where m::text like '%jimmy/Office%')::int as of_others, count(*) filter (where m::text like '%jeremie%')::int as of_it
     from staging.model as m where target = 'occupied' and is_baseline`,
  );
  expect(rows).toEqual([{ of_others: others.flatMap(({ models }) => models).length, of_it: 0 }]);
  await warehouse.query(`delete from silver.room_quarter where apartment = 'jeremie'`);
}
