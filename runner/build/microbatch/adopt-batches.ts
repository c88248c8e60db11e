import type { Queryable } from '../../../warehouse/warehouse.ts';
import type { MicrobatchNode } from '../../manifest/manifest.ts';
import { nameOfBatch } from '../../plan/plan-batch.ts';
import { settingPlace } from '../../project/setting-places.ts';
import type { BatchWindow, KnownBatch } from '../../state/batch-windows.ts';
import { NodeError } from '../../text/errors.ts';

/**
 * Keeps finished work if the bounds of the batches have changed and nothing is rebuilt (`full_refresh: false`).
 * @returns whether batches are finished now that were not before.
 * @throws NodeError if a batch would rebuild rows of finished batches although full_refresh is false.
 */
export async function keepDone(session: Queryable, node: MicrobatchNode, all: readonly KnownBatch[]): Promise<boolean> {
  const undone = all.filter(({ done }) => done === undefined);
  if (undone.length === 0) return false;
  const adopted = await adoptBatches(session, node.name, undone);
  if (node.config.full_refresh !== false) return adopted > 0;
  const [first] = await overlapsDone(session, node.name, undone);
  const window = first === undefined ? undefined : undone[first];
  if (window === undefined) return adopted > 0;
  throw new NodeError({
    what: `${node.name}: the batch ${nameOfBatch(window, node.batch)} would build again what is done in others, and full_refresh is false: batch_size or time_zone has changed`,
    place: settingPlace(node.settings, 'batch_size') ?? settingPlace(node.settings, 'time_zone'),
    hint: 'Nothing was touched. Set it back, or let the change fall where old and new batches begin together: by begin, and by the day on which you make it. Or take full_refresh: false out, to have all batches built again.',
  });
}

/**
 * Marks batches as finished that finished batches of other bounds cover, for a model whose bounds changed and that is not rebuilt.
 * A batch that was built before its time was over covers the time up to its build.
 * @returns how many.
 */
async function adoptBatches(session: Queryable, model: string, undone: readonly BatchWindow[]): Promise<number> {
  const { rowCount } = await session.query(
    `with finished as (
         select range_agg(tstzrange(batch_start, least(batch_end, built_at))) as time
         from datacycle.batch
         where model = $1 and not pending and built_at > batch_start and isfinite(batch_start) and isfinite(batch_end)
     ),

     -- All of its time is one large value: it is looked at once for each batch.
     covered as materialized (
         select w.*
         from unnest($2::timestamptz[], $3::timestamptz[]) as w (batch_start, batch_end)
         join finished as f on f.time @> tstzrange(w.batch_start, w.batch_end)
     )

     insert into datacycle.batch (model, batch_start, batch_end, built_at, version, changed_version, pending)
     select $1, c.batch_start, c.batch_end, max(o.built_at), min(o.version), max(o.changed_version), false
     from covered as c
     join datacycle.batch as o on o.model = $1 and not o.pending
         and o.batch_start < c.batch_end and o.batch_end > c.batch_start and isfinite(o.batch_start) and isfinite(o.batch_end)
     group by c.batch_start, c.batch_end`,
    [model, undone.map(({ from }) => from.at), undone.map(({ to }) => to.at)],
  );
  return rowCount;
}

/** The numbers of those of these batches, never built, whose time is in part that of others which are done. */
async function overlapsDone(
  session: Queryable,
  model: string,
  undone: readonly BatchWindow[],
): Promise<readonly number[]> {
  const { rows } = await session.query<{ number: number }>(
    `select (w.number - 1)::int as number
     from unnest($2::timestamptz[], $3::timestamptz[]) with ordinality as w (batch_start, batch_end, number)
     where exists (
         select
         from datacycle.batch as o
         where o.model = $1 and not o.pending and o.built_at >= o.batch_end
             and o.batch_start < w.batch_end and o.batch_end > w.batch_start and isfinite(o.batch_start) and isfinite(o.batch_end)
     ) and not exists (
         select
         from datacycle.batch as b
         where b.model = $1 and b.batch_start = w.batch_start and b.batch_end = w.batch_end
     )
     order by 1`,
    [model, undone.map(({ from }) => from.at), undone.map(({ to }) => to.at)],
  );
  return rows.map(({ number }) => number);
}
