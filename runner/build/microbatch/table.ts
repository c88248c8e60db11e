import { relation } from '../../../warehouse/quote.ts';
import type { Session } from '../../../warehouse/warehouse.ts';
import { auditRemade } from '../../data-test/audit.ts';
import { type ExistingRelation, readRelation } from '../../database/catalog.ts';
import { tablesBehind } from '../../manifest/lineage.ts';
import type { MicrobatchNode } from '../../manifest/manifest.ts';
import { clearOutside } from '../../materialize/microbatch.ts';
import type { Step } from '../../materialize/parts/step.ts';
import { alignColumns, createdFor } from '../../materialize/parts/structure.ts';
import { deleteDuplicates } from '../../materialize/table.ts';
import { literalOf, planCompletion, planPreparation } from '../../plan/plan-batch.ts';
import { structureOf, tableTarget } from '../../plan/table-target.ts';
import { deleteOtherBatches, writeBatch } from '../../state/batches.ts';
import { type Created, nothingCreated } from '../../state/created.ts';
import { deleteExpired } from '../../state/expired.ts';
import { type ModelState, raiseRowsVersion, writeModel } from '../../state/models.ts';
import { blockingViews } from '../transaction/blocking-views.ts';
import type { BuildContext } from '../transaction/build-context.ts';
import { completeRelation, introduceRelation } from '../transaction/complete-relation.ts';
import { runSteps } from '../transaction/run-steps.ts';
import { added, changedRows } from '../transaction/totals.ts';
import type { Job, Progress } from './job.ts';

/**
 * Aligns an existing table with the model before the first batch.
 * @returns how many rows were deleted because they lay in no batch or were duplicates.
 */
export async function prepare(
  session: Session,
  context: BuildContext,
  job: Job,
  existing: ExistingRelation,
  work: (steps: readonly Step[]) => Promise<void>,
): Promise<number> {
  const { node } = job;
  const renews = job.decision.mode === 'replace';
  const columns = renews ? alignColumns(node.relation, existing, job.yields) : job.schemaSteps;
  const { manifest, options } = context;
  const surroundings = { manifest, options };
  const views =
    columns.length === 0
      ? []
      : await blockingViews(session, surroundings, node, { ...job.state, existing }, job.yields, job.decision);
  const created = job.state.recorded?.created ?? nothingCreated;
  await work(planPreparation(job, existing, { renews, created, columns, views }));
  await auditRemade(session, context, views);
  const [first, last] = [job.known[0], job.known.at(-1)];
  if (!renews || first === undefined || last === undefined) return 0;
  const bounds = { from: job.keepsOlder ? undefined : literalOf(job, first.from), to: literalOf(job, last.to) };
  const count = async (steps: readonly Step[]) => (await runSteps(session, steps, node)).deleted;
  const target = tableTarget(node, job.access);
  const gone = { at: context.options.runStartedAt, changed: true, pending: false };
  const outside = await count([clearOutside({ target, eventTime: node.batch.eventTime }, existing, bounds)]);
  if (outside > 0) {
    await writeBatch(session, node.name, { ...gone, from: '-infinity', to: first.from.at });
    await writeBatch(session, node.name, { ...gone, from: last.to.at, to: 'infinity' });
  }
  const twice = await count(deleteDuplicates(target, existing));
  if (twice > 0) await writeBatch(session, node.name, { ...gone, from: '-infinity', to: 'infinity' });
  return outside + twice;
}

/** Comments and grants, with the first batch of a run: readers of the table need not wait for the last one. @returns what to record. */
export async function introduce(session: Session, node: MicrobatchNode, created: Created): Promise<Created> {
  const grants = await introduceRelation(session, node, { comments: undefined, created });
  return { ...created, grants: grants.created };
}

/** When all batches are done: constraints and indexes that wait for the last old row, descriptions, the run's record. */
export async function settle(session: Session, context: BuildContext, job: Job, progress: Progress): Promise<void> {
  const { node } = job;
  const whole = job.missing.every((batch) => progress.built.has(batch));
  const existing = await readRelation(session, node.relation);
  if (existing?.kind !== 'table') return;
  const work = async (steps: readonly Step[]) => {
    progress.totals = added(progress.totals, await runSteps(session, steps, node));
  };
  const { recorded, totals: sofar } = progress;
  if (recorded === undefined) return;
  const { created } = recorded;
  if (whole) {
    await work(planCompletion(job, existing, created));
    if (changedRows(progress.totals) > changedRows(sofar)) await raiseRowsVersion(session, node.name);
    await deleteOtherBatches(session, node.name, job.known);
    const renewed = job.decision.mode !== 'increment' && job.state.pruned.size === 0;
    if (renewed && tablesBehind(context.manifest, node.reads).length === 0) await deleteExpired(session, node.name);
  }
  const { runStartedAt } = context.options;
  const before = { comments: undefined, created };
  const grants = await completeRelation(session, node, job.decision.mode, before, { ...context, runStartedAt });
  const now = whole ? createdFor(structureOf(node)) : created;
  await record(session, context, job, { ...recorded, created: { ...now, grants: grants.created } });
}

export function record(session: Session, context: BuildContext, job: Job, state: ModelState): Promise<void> {
  const { node } = job;
  return writeModel(session, {
    ...state,
    model: node.name,
    relation: relation(node.relation),
    builtAt: context.clock().toISOString(),
    consumed: job.state.upstreams,
    // Each batch says so by itself, in its own transaction.
    rowsChanged: false,
    rowsRemoved: false,
  });
}

/** Of what the runner made, that which is still declared; and how the table is partitioned. */
export function stillDeclared(node: MicrobatchNode, recorded: ModelState | undefined): Created {
  const wanted = createdFor(structureOf(node));
  const { objects, notNull, grants } = recorded?.created ?? nothingCreated;
  return {
    objects: objects.filter((one) =>
      wanted.objects.some(({ name, definition }) => name === one.name && definition === one.definition),
    ),
    notNull: notNull.filter((column) => wanted.notNull.includes(column)),
    partitioning: node.partitionBy ?? null,
    grants,
  };
}
