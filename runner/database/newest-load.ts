import { type RelationName, relation } from '../../warehouse/quote.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';

/** The largest load_id of a relation; null if it has no row. @throws StatementError if it has no such column, or is not there. */
export async function newestLoad(on: Queryable, name: RelationName): Promise<number | null> {
  const { rows } = await on.query<{ newest: number | null }>(
    `select max(load_id)::bigint as newest from ${relation(name)}`,
  );
  const newest = rows[0]?.newest ?? null;
  return newest === null ? null : Number(newest);
}
