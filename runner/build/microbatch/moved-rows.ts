import type { Session } from '../../../warehouse/warehouse.ts';
import { statement } from '../../database/statement.ts';
import { type Batch, isElsewhere, windowsOfMoved } from '../../materialize/microbatch.ts';
import { stretchOf } from '../../plan/plan-batch.ts';
import type { KnownBatch } from '../../state/batch-windows.ts';
import { markTaken } from '../../state/batches.ts';
import type { Job, Progress } from './job.ts';

/**
 * The batches that contain rows with keys of the staged rows: those rows have moved and are taken out of them. The batches become
 * pending, even if nothing else changes in them, since their consumers must read them again.
 * @returns none if a key in another batch is a duplicate: in a batch that this run has built, or that may not be built again.
 */
export async function movedFrom(
  session: Session,
  job: Job,
  progress: Progress,
  window: KnownBatch,
  batch: Batch,
): Promise<readonly KnownBatch[]> {
  const { node } = job;
  const { uniqueKey } = batch.target;
  // In a table that this run created, later batches have no rows yet.
  if (job.decision.mode === 'create' || uniqueKey.length === 0 || uniqueKey.includes(batch.eventTime)) return [];
  const { rows } = await statement(session, isElsewhere(batch));
  if (rows[0]?.elsewhere !== true) return [];
  const mayRebuild = node.config.full_refresh !== false && job.state.pruned.size === 0;
  const others = (mayRebuild ? job.known : progress.queue).filter(
    (one) => one !== window && (!progress.built.has(one) || progress.retaining.has(one)),
  );
  if (others.length === 0) return [];
  const stretches = others.map((one) => stretchOf(job, one));
  const found = await statement(session, windowsOfMoved(batch, stretches));
  const moved = found.rows.flatMap(({ number }) => others[Number(number)] ?? []);
  await markTaken(session, node.name, moved);
  return moved;
}
