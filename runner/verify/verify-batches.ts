import type { Queryable, Session } from '../../warehouse/warehouse.ts';
import { readTypes } from '../build/microbatch/begin.ts';
import { runSteps } from '../build/transaction/run-steps.ts';
import { ask } from '../database/question.ts';
import type { Manifest, MicrobatchNode } from '../manifest/manifest.ts';
import type { KeepFrom } from '../materialize/parts/target.ts';
import { boundLiteral } from '../plan/batch-sql.ts';
import { reasonToRebuild } from '../plan/decide.ts';
import type { NodeState } from '../plan/decision.ts';
import { keptOf } from '../plan/lost-rows.ts';
import { allBatches, planBatchesBeside } from '../plan/plan-beside.ts';
import { type KnownBatch, readBatches } from '../state/batch-windows.ts';
import { expiredOf } from '../state/expired.ts';
import type { SqlText } from '../text/sql-text.ts';

/** Why the rows of a microbatch model need not be those of a build from scratch as of its last run; undefined if they must be. */
export async function reasonBatchesWait(
  session: Queryable,
  manifest: Manifest,
  node: MicrobatchNode,
  state: NodeState,
): Promise<string | undefined> {
  const renew = reasonToRebuild(node, state, { fullRefresh: false });
  if (renew !== undefined) return renew;
  const follows = node.batch.follows.flatMap((id) => manifest.nodes.get(id)?.name ?? []);
  const known = keptBatches(
    await readBatches(session, node.name, node.batch, await builtAt(session, node), follows),
    node,
    state.expired,
  );
  const waiting = known.filter(({ done }) => done === undefined || done.pending || done.behind).length;
  return waiting === 0 ? undefined : `${waiting} ${waiting === 1 ? 'batch waits' : 'batches wait'} to be built`;
}

/**
 * Computes the rows of all batches, one after the other, in a temporary table.
 * @returns the query that reads them, and the time from which on they are complete: retention has deleted older rows of the table
 * or of its upstreams.
 */
export async function batchesFromScratch(
  session: Session,
  manifest: Manifest,
  node: MicrobatchNode,
  state: NodeState,
  sql: SqlText,
): Promise<{ readonly sql: SqlText; readonly since: KeepFrom | undefined }> {
  const own = await ask(session, expiredOf([node.name]));
  const all = await readBatches(session, node.name, node.batch, await builtAt(session, node));
  const known = keptBatches(keptBatches(all, node, state.expired), node, own);
  const typeOf = await readTypes(session, manifest, sql);
  await runSteps(session, planBatchesBeside({ sql, typeOf }, known), node);
  const first = known[0];
  const type = state.existing?.columns.find(({ name }) => name === node.batch.eventTime)?.type ?? '';
  const bound = first === undefined || known.length === all.length ? undefined : boundLiteral(type, first.from);
  return {
    sql: allBatches,
    since: bound === undefined ? undefined : { column: node.batch.eventTime, bound },
  };
}

/** When the run began that built a batch last: the present one is the last that there can be. ISO time. */
async function builtAt(session: Queryable, node: MicrobatchNode): Promise<string> {
  const { rows } = await session.query<{ at: string }>(
    `select to_char(
         coalesce(max(built_at), current_timestamp) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
     ) as at
     from datacycle.batch
     where model = $1`,
    [node.name],
  );
  return rows[0]?.at ?? '';
}

/** The batches whose upstream rows retention has not deleted. */
function keptBatches(
  batches: readonly KnownBatch[],
  node: MicrobatchNode,
  expired: ReadonlyMap<string, Date>,
): readonly KnownBatch[] {
  const kept = keptOf(node, expired)?.before.getTime();
  return kept === undefined ? batches : batches.filter(({ from }) => Date.parse(from.at) >= kept);
}
