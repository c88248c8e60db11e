import { DatacycleError } from '../warehouse/errors.ts';
import type { Queryable } from '../warehouse/warehouse.ts';
import { dailyOrigin, dayMs, type FeatureRelations, quarterMs } from './examples.ts';

/**
 * The time up to which readings are complete: the end of the newest reading's minute, or a time that is given, if that is earlier. Nobody
 * predicts from the half of a quarter that has been read. Milliseconds.
 * @throws DatacycleError if there are no readings, or the models that are read were never built.
 */
export async function newestTime(on: Queryable, relations: FeatureRelations, at: Date | undefined): Promise<number> {
  await checkBuilt(on, relations);
  const { readings } = relations;
  const { rows } = await on.query<{ newest: number | null }>(
    `select extract(epoch from max(timestamp))::float8 as newest from ${readings}`,
  );
  const newest = rows[0]?.newest;
  if (typeof newest === 'number') return Math.min(newest * 1000 + 60_000, at?.getTime() ?? Number.POSITIVE_INFINITY);
  throw new DatacycleError({
    what: 'there are no readings to predict from',
    hint: 'Run datacycle load and datacycle build first.',
  });
}

/** The last quarter that has ended by a time: what is known of it is complete. Milliseconds. */
export function originAt(time: number): number {
  return Math.floor(time / quarterMs) * quarterMs - quarterMs;
}

/** The last origin of a daily forecast that is not after an origin. Milliseconds. */
export function dailyOriginAt(origin: number): number {
  const [hour = 0, minute = 0] = dailyOrigin.split(':').map(Number);
  const offset = (hour * 60 + minute) * 60_000;
  return Math.floor((origin - offset) / dayMs) * dayMs + offset;
}

/** @throws DatacycleError if a relation that is read does not exist. */
async function checkBuilt(on: Queryable, relations: FeatureRelations): Promise<void> {
  const { rows } = await on.query<{ name: string }>(
    'select r.name from unnest($1::text[]) as r (name) where to_regclass(r.name) is null order by 1',
    [Object.values(relations)],
  );
  if (rows.length === 0) return;
  throw new DatacycleError({
    what: `predictions are made from ${rows.map(({ name }) => name).join(', ')}, and the database has no such table or view`,
    hint: 'Run datacycle load and datacycle build first.',
  });
}
