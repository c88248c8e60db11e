// Microbatch models: the table is built in batches of time, each in a transaction of its own, the oldest first.
//   1. begin.ts       decides, in one transaction, which batches this run builds, and marks them as pending
//   2. batches.ts     builds each of them: stage its rows, take rows that have moved into it out of their old batch, apply the
//                     difference within its window, run the audits, record it, commit
//   3. table.ts       with the first batch the table gets its columns and grants, with the last its constraints and indexes
//
// The life of a batch, as datacycle.batch records it:
//
//   (no row) --begin--> pending --commit--> built --its time was not over--------------------> built again by the next run
//                          ^                  |----one of the `lookback` newest--------------> built again by the next run
//                          |                  |----an upstream's batch changed (behind)------> built again by the next run
//                          +--- full refresh, rows moved out of it, rows retained for others --+
//
// A batch that fails stays pending, so the next run builds it; the others are built. At the end of a run in which none is pending,
// the table holds what a build from scratch would.
import { setImmediate } from 'node:timers/promises';
import { StatementError } from '../../../warehouse/errors.ts';
import { relation } from '../../../warehouse/quote.ts';
import type { Session } from '../../../warehouse/warehouse.ts';
import { runAudits } from '../../data-test/audit.ts';
import { keepBadRows } from '../../data-test/audit-failure.ts';
import { isWorthAnalyzing, readRelation } from '../../database/catalog.ts';
import { LockHeldError } from '../../database/locks/lock-waits.ts';
import { statement } from '../../database/statement.ts';
import type { MicrobatchNode } from '../../manifest/manifest.ts';
import { type Batch, writtenBelow } from '../../materialize/microbatch.ts';
import type { Step } from '../../materialize/parts/step.ts';
import { createdFor } from '../../materialize/parts/structure.ts';
import { nameOfBatch, planBatch } from '../../plan/plan-batch.ts';
import { structureOf } from '../../plan/table-target.ts';
import type { KnownBatch } from '../../state/batch-windows.ts';
import { writeBatch } from '../../state/batches.ts';
import { type ModelState, raiseRowsVersion } from '../../state/models.ts';
import { writeResults } from '../../state/runs.ts';
import { NodeError } from '../../text/errors.ts';
import type { BuildContext, Built } from '../transaction/build-context.ts';
import { runSteps } from '../transaction/run-steps.ts';
import { added, changedRows, noRows } from '../transaction/totals.ts';
import { beginBatches } from './begin.ts';
import type { Job, Progress } from './job.ts';
import { movedFrom } from './moved-rows.ts';
import { batchesFailed } from './report.ts';
import { introduce, prepare, record, settle, stillDeclared } from './table.ts';

/**
 * Builds the batches of a microbatch model, the oldest first, each in one transaction: its rows and its record commit together or
 * not at all. A batch that fails stays pending for the next run; the others are built.
 * @param explained turns an error of a batch into one that says where it is and what to do.
 * @returns what was built; `failed` lists the batches that failed.
 * @throws NodeError if the model cannot be built at all; any error that ends the run.
 */
export async function buildBatches(
  context: BuildContext,
  node: MicrobatchNode,
  explained: (error: unknown) => Promise<Error>,
): Promise<Built> {
  const { locks, lock } = context;
  const startedAt = context.clock().toISOString();
  const inTurn = <T>(work: (session: Session) => Promise<T>) =>
    locks.transaction(node.name, work, { isolation: 'repeatable read', lock });
  const job = await inTurn((session) => beginBatches(session, context, node));
  const progress: Progress = {
    totals: noRows,
    recorded: job.state.recorded,
    existing: undefined,
    prepared: false,
    ofModel: false,
    unanalysed: 0,
    queue: [...job.batches],
    built: new Set(),
    retaining: new Set(),
    audits: new Map(),
    failed: [],
  };
  // A batch that rows moved out of joins them while they are built.
  for (const window of progress.queue) {
    // Where the database runs in this process, nothing else would give an interrupt its turn.
    await setImmediate();
    context.signal?.throwIfAborted();
    try {
      const commit = await inTurn((session) => buildBatch(session, context, job, window, progress));
      commit();
    } catch (thrown) {
      const error = await keepBadRows(context, node, thrown);
      const isOfModel = progress.ofModel || error instanceof LockHeldError;
      const ofBatch = !isOfModel && (error instanceof StatementError || error instanceof NodeError);
      if (!ofBatch || context.signal?.aborted === true) throw error;
      progress.failed.push({ name: nameOfBatch(window, node.batch), error: await explained(error) });
    }
  }
  const { totals, failed } = progress;
  const built = {
    decision: job.decision,
    ...totals,
    batches: progress.built.size,
    audits: [...progress.audits.values()],
    recorded: true,
  };
  if (failed.length > 0) return { ...built, failed: batchesFailed(node, failed, progress.queue.length) };
  const finish = async (session: Session) => {
    await settle(session, context, job, progress);
    const record = {
      runId: context.runId,
      node: node.name,
      kind: node.kind,
      status: 'success',
      message: job.decision.reason,
    };
    await writeResults(session, [{ ...record, startedAt, finishedAt: context.clock().toISOString(), ...totals }]);
  };
  await inTurn(finish);
  return built;
}

/** Builds one batch. @returns what to note after the commit. */
async function buildBatch(
  session: Session,
  context: BuildContext,
  job: Job,
  window: KnownBatch,
  progress: Progress,
): Promise<() => void> {
  const { node } = job;
  progress.ofModel = false;
  const existing = progress.existing ?? (await readRelation(session, node.relation));
  const plan = planBatch(job, window, existing);
  const { batch } = plan;
  let totals = noRows;
  const work = async (steps: readonly Step[]) => {
    context.onSql?.(
      node,
      steps.map(({ sql }) => sql.text),
    );
    totals = added(totals, await runSteps(session, steps, node));
  };
  let outside = 0;
  let moved: readonly KnownBatch[] = [];
  if (plan.kind === 'create') {
    await work(plan.steps);
  } else {
    await work(plan.stage);
    if (existing !== undefined && !progress.prepared)
      outside = await whole(progress, () => prepare(session, context, job, existing, work));
    moved = await movedFrom(session, job, progress, window, batch);
    await work(plan.apply(moved));
  }
  const isNew = existing === undefined;
  const audits = await runAudits(session, context, node, isNew ? 'create' : 'increment', totals.retained);
  const changed = changedRows(totals) > 0;
  const unseen = isNew || outside > 0 || (changed && (await isUnseen(session, batch, job, totals.deleted > 0)));
  const kept = stillDeclared(node, progress.recorded);
  const created = isNew ? { ...createdFor(structureOf(node)), grants: kept.grants } : kept;
  const recorded: ModelState = {
    relation: relation(node.relation),
    materialized: node.materialized,
    checksum: node.checksum,
    upstreamShape: job.state.upstreamShape,
    generation: (progress.recorded?.generation ?? 0) + (unseen ? 1 : 0),
    rowsVersion: progress.recorded?.rowsVersion ?? 0,
    removals: progress.recorded?.removals ?? 0,
    created: progress.prepared ? created : await whole(progress, () => introduce(session, node, created)),
  };
  if (unseen || !progress.prepared) await record(session, context, job, recorded);
  const removed = isNew || outside > 0 || totals.deleted > 0;
  if (changed || removed) await raiseRowsVersion(session, node.name, removed);
  await writeBatch(session, node.name, {
    from: window.from.at,
    to: window.to.at,
    at: context.options.runStartedAt,
    changed: changed || isNew,
    // Rows that others still point at can go when those have been rebuilt.
    pending: totals.retained > 0,
  });
  const unanalysed = progress.unanalysed + changedRows(totals);
  const grown = !isNew && isWorthAnalyzing(existing, unanalysed);
  if (grown) await session.query(`analyze ${relation(node.relation)}`);
  return () => {
    progress.existing = isNew || grown || !progress.prepared ? undefined : existing;
    progress.prepared = true;
    progress.recorded = recorded;
    progress.unanalysed = isNew || grown ? 0 : unanalysed;
    progress.built.add(window);
    if (totals.retained > 0) progress.retaining.add(window);
    progress.queue.push(...moved.filter((one) => !progress.queue.includes(one)));
    for (const outcome of audits) {
      const failures = (progress.audits.get(outcome.test.id)?.failures ?? 0) + outcome.failures;
      progress.audits.set(outcome.test.id, { ...outcome, failures });
    }
    progress.totals = added(added(progress.totals, totals), { deleted: outside });
  };
}

/** Does what concerns all of the model: what fails in it would fail with any other batch, too. */
async function whole<T>(progress: Progress, work: () => Promise<T>): Promise<T> {
  progress.ofModel = true;
  const result = await work();
  progress.ofModel = false;
  return result;
}

/** Whether those who follow the model by its load_id would miss what this transaction changed. */
async function isUnseen(session: Session, batch: Batch, job: Job, deleted: boolean): Promise<boolean> {
  if (deleted || job.mark === undefined) return true;
  const { rows } = await statement(session, writtenBelow(batch, job.mark));
  return rows[0]?.below === true;
}
