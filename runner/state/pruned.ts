import type { Queryable } from '../../warehouse/warehouse.ts';
import { type Question, question } from '../database/question.ts';
import type { ModelNode, SeedNode } from '../manifest/manifest.ts';
import { NodeError } from '../text/errors.ts';

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
 * Remembers that rows of a source are gone, so that no model is rebuilt without them. Belongs into the transaction that
 * deletes them.
 * @param upstream as models name it, e.g. `staging.sensor_file`.
 */
export async function recordPruned(session: Queryable, upstream: string, { loadId, at }: Pruned): Promise<void> {
  await session.query(
    `insert into datacycle.pruned as p (upstream, load_id, pruned_at) values ($1, $2, $3)
     on conflict (upstream) do update set load_id = greatest(p.load_id, excluded.load_id), pruned_at = excluded.pruned_at`,
    [upstream, loadId, at],
  );
}

/** Forgets it: every row is there again. */
export async function forgetPruned(session: Queryable, upstream: string): Promise<void> {
  await session.query('delete from datacycle.pruned where upstream = $1', [upstream]);
}

/**
 * A rebuild of an incremental model would lack what was made of the rows that are gone. Pure.
 * @throws NodeError that says how to go on.
 */
export function refuseToLose(
  node: ModelNode | SeedNode,
  decision: { readonly mode: string; readonly reason: string },
  pruned: ReadonlyMap<string, Pruned>,
): void {
  if (node.kind !== 'model' || node.materialized !== 'incremental' || node.config.full_refresh === false) return;
  if (decision.mode !== 'create' && decision.mode !== 'replace') return;
  const gone = [...pruned].map(([name, { loadId, at }]) => `${name} (up to load ${loadId}, on ${at.slice(0, 10)})`);
  if (gone.length === 0) return;
  const rebuilt = decision.mode === 'replace';
  throw new NodeError({
    what: `${node.name} would ${rebuilt ? `be rebuilt (${decision.reason})` : 'be made of the whole history'}, but rows it is made of have been pruned: ${gone.join(', ')}`,
    where: node.file,
    hint: `Nothing was touched. Run \`datacycle load --from-bronze\` first: it lands them again. Where Bronze has been pruned, too, ${
      rebuilt ? 'the history is in this table only' : 'the history is gone'
    }: set full_refresh: false for the model to ${rebuilt ? 'keep it as it is' : 'begin with what there is'}.`,
  });
}
