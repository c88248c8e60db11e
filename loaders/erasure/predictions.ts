import type { Warehouse } from '../../warehouse/warehouse.ts';
import { predictionOrderLock } from '../landing/staging.ts';

/**
 * Deletes the predictions for erased apartments. Waits for whoever is writing predictions: what was written before the
 * tombstone is seen then, and what comes later is not stored.
 * @returns how many there were.
 */
export async function erasePredictions(warehouse: Warehouse): Promise<number> {
  return warehouse.transaction(async (session) => {
    await session.query('select pg_advisory_xact_lock($1)', [predictionOrderLock]);
    return (await session.query(`delete from staging.prediction where staging.is_erased(record ->> 'apartment')`))
      .rowCount;
  });
}
