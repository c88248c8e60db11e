import type { Queryable } from '../../warehouse/warehouse.ts';
import { type Question, question } from '../database/question.ts';

/** How far rows of a source are no longer there. */
export interface Pruned {
  /** The largest load_id of which rows are gone. */
  readonly loadId: number;
  /** ISO time at which rows went last. */
  readonly at: string;
}

/** Of these sources, those that lack rows by now. */
export function prunedOf(sources: readonly string[]): Question<ReadonlyMap<string, Pruned>> {
  return question(
    `select upstream, load_id, to_char(pruned_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at
     from datacycle.pruned
     where upstream = any($1::text[])
     order by upstream`,
    [sources],
    (rows: readonly { upstream: string; load_id: number; at: string }[]) =>
      new Map(rows.map((row) => [row.upstream, { loadId: row.load_id, at: row.at }])),
  );
}

/**
 * Records that rows of a source are deleted, so that no model is rebuilt without them. Call it in the transaction that deletes
 * them.
 * @param upstream as models name it, e.g. `staging.sensor_file`.
 */
export async function recordPruned(session: Queryable, upstream: string, { loadId, at }: Pruned): Promise<void> {
  await session.query(
    `insert into datacycle.pruned as p (upstream, load_id, pruned_at) values ($1, $2, $3)
     on conflict (upstream) do update set load_id = greatest(p.load_id, excluded.load_id), pruned_at = excluded.pruned_at`,
    [upstream, loadId, at],
  );
}

/** Removes the record: all rows of the source exist again. */
export async function deletePruned(session: Queryable, upstream: string): Promise<void> {
  await session.query('delete from datacycle.pruned where upstream = $1', [upstream]);
}
