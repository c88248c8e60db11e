import { setImmediate } from 'node:timers/promises';
import { StatementError } from '../warehouse/errors.ts';
import { relation } from '../warehouse/quote.ts';
import type { Session } from '../warehouse/warehouse.ts';
import { type AuditOutcome, runAudits } from './audit.ts';
import { keepBadRows } from './audit-failure.ts';
import type { BuildContext, Built } from './build-node.ts';
import { type ExistingRelation, readComments, readRelation } from './catalog.ts';
import { NodeError } from './errors.ts';
import { forgetExpired } from './expire.ts';
import type { ModelNode } from './manifest.ts';
import { describeRelation } from './materialize/comments.ts';
import {
  applyBatch,
  type Batch,
  clearOutside,
  createFromBatch,
  type Stretch,
  stageBatch,
  writtenBelow,
} from './materialize/microbatch.ts';
import { remakeViews } from './materialize/remake-views.ts';
import type { Step } from './materialize/step.ts';
import { addMissing, alignColumns, dropObsolete, objectNames } from './materialize/structure.ts';
import { adoptKeys } from './materialize/surrogate-key.ts';
import type { TableTarget } from './materialize/table.ts';
import { takePlace } from './materialize/take-place.ts';
import { beginBatches, type Job } from './microbatch-begin.ts';
import { batchesFailed, type FailedBatch, nameOfBatch } from './microbatch-report.ts';
import type { BatchSettings } from './microbatch-settings.ts';
import { boundLiteral, forBatch } from './microbatch-sql.ts';
import { forgetOtherBatches, writeBatch } from './microbatch-state.ts';
import type { BatchWindow, KnownBatch, Moment } from './microbatch-windows.ts';
import { perform } from './perform.ts';
import { tablesBehind } from './retention.ts';
import { retrying } from './retry.ts';
import { type ModelState, writeModel, writeResults } from './state.ts';
import { statement } from './statement.ts';
import { secure, structureOf, tableTarget } from './table-target.ts';
import { viewsInTheWay } from './views-in-the-way.ts';

/** What has become of a model's table in this run so far. */
interface Progress {
  readonly totals: { inserted: number; updated: number; deleted: number; retained: number };
  remembered: ModelState | undefined;
  /** The table as a batch of this run has found it; nothing but rows changes after that. */
  standing: ExistingRelation | undefined;
  /** The table has the columns of the query, and what lies in no batch is gone. */
  prepared: boolean;
  /** Rows written since the planner looked at the table last. */
  unanalysed: number;
  readonly built: Set<KnownBatch>;
  /** What audits let pass, by the id of the test. */
  readonly audits: Map<string, AuditOutcome>;
  readonly failed: FailedBatch[];
}

/**
 * Builds the batches of a microbatch model, the oldest first, each in one transaction: its rows, and that it is done,
 * commit together or not at all. A batch that fails is waited for; the others are built.
 * @param explained makes an error of a batch one that says where and what to do.
 * @returns what was built; `failed` tells of the batches that could not be.
 * @throws NodeError if the model cannot be built at all; whatever ends the run.
 */
export async function buildBatches(
  context: BuildContext,
  node: ModelNode,
  settings: BatchSettings,
  explained: (error: unknown) => Promise<Error>,
): Promise<Built> {
  const { warehouse } = context;
  const startedAt = context.clock().toISOString();
  const job = await retrying(() =>
    warehouse.transaction((session) => beginBatches(session, context, node, settings), 'repeatable read'),
  );
  const progress: Progress = {
    totals: { inserted: 0, updated: 0, deleted: 0, retained: 0 },
    remembered: job.state.remembered,
    standing: undefined,
    prepared: false,
    unanalysed: 0,
    built: new Set(),
    audits: new Map(),
    failed: [],
  };
  for (const window of job.batches) {
    // Where the database runs in this process, nothing else would give an interrupt its turn.
    await setImmediate();
    context.signal?.throwIfAborted();
    try {
      const commit = await retrying(() =>
        warehouse.transaction(
          (session) => buildBatch(session, context, node, job, window, progress),
          'repeatable read',
        ),
      );
      commit();
    } catch (thrown) {
      const error = await keepBadRows(context, node, thrown);
      const ofBatch = error instanceof StatementError || error instanceof NodeError;
      if (!ofBatch || context.signal?.aborted === true) throw error;
      progress.failed.push({ name: nameOfBatch(window, settings), error: await explained(error) });
    }
  }
  const { totals, failed } = progress;
  const built = {
    decision: job.decision,
    ...totals,
    batches: progress.built.size,
    audits: [...progress.audits.values()],
  };
  if (failed.length > 0) return { ...built, failed: batchesFailed(node, failed, job.batches.length) };
  await warehouse.transaction(async (session) => {
    await settle(session, context, node, job, progress);
    const record = {
      runId: context.runId,
      node: node.name,
      kind: node.kind,
      status: 'success',
      message: job.decision.reason,
    };
    await writeResults(session, [{ ...record, startedAt, finishedAt: context.clock().toISOString(), ...totals }]);
  }, 'repeatable read');
  return built;
}

/** Builds one batch. @returns what is to be noted when the transaction has been committed. */
async function buildBatch(
  session: Session,
  context: BuildContext,
  node: ModelNode,
  job: Job,
  window: KnownBatch,
  progress: Progress,
): Promise<() => void> {
  const existing = progress.standing ?? (await readRelation(session, node.relation));
  const target = tableTarget(node, job.state.access);
  const sql = forBatch(job.sql, window, job.typeOf);
  const batch: Batch = {
    target,
    eventTime: job.settings.eventTime,
    window: stretchOf(job, window),
    name: nameOfBatch(window, job.settings),
  };
  const totals = { inserted: 0, updated: 0, deleted: 0, retained: 0 };
  const work = async (steps: readonly Step[]) => {
    for (const step of steps) await perform(session, step, node, undefined, totals, context.root);
  };
  const created = existing?.kind !== 'table';
  let outside = 0;
  if (created) {
    const make = (now: TableTarget) => createFromBatch({ ...batch, target: now }, sql);
    await work(
      existing === undefined
        ? make(target)
        : takePlace(target, await replacement(session, context, node, job, existing), make),
    );
  } else {
    await work(stageBatch(batch, sql));
    if (!progress.prepared) outside = await prepare(session, context, node, job, existing, work);
    // Where the table was made by this run, nothing stands in those that are still to come.
    const others = job.batches.filter(
      (one) => job.decision.mode !== 'create' && one !== window && !progress.built.has(one),
    );
    await work(applyBatch(batch, existing, job.columns, stretchesOf(job, others)));
  }
  const audits = await runAudits(session, context, node, { mode: created ? 'create' : 'increment', reason: '' });
  const changed = totals.inserted + totals.updated + totals.deleted > 0;
  const unseen = created || outside > 0 || (changed && (await isUnseen(session, batch, job, totals.deleted > 0)));
  const remembered: ModelState = {
    materialized: node.materialized,
    checksum: node.checksum,
    generation: (progress.remembered?.generation ?? 0) + (unseen ? 1 : 0),
    objects: created ? objectNames(structureOf(node)) : keptObjects(node, progress.remembered),
  };
  if (unseen || !progress.prepared) await remember(session, context, node, job, remembered);
  await writeBatch(session, node.name, {
    from: window.from.at,
    to: window.to.at,
    at: context.options.runStartedAt,
    changed: changed || created,
    // Rows that others still point at can go when those have been rebuilt.
    pending: totals.retained > 0,
  });
  const unanalysed = progress.unanalysed + totals.inserted + totals.updated + totals.deleted;
  const grown = !created && unanalysed > 50 + Math.max(existing.estimatedRows, 0) / 10;
  if (grown) await session.query(`analyze ${relation(node.relation.schema, node.relation.name)}`);
  return () => {
    progress.standing = created || grown || !progress.prepared ? undefined : existing;
    progress.prepared = true;
    progress.remembered = remembered;
    progress.unanalysed = created || grown ? 0 : unanalysed;
    progress.built.add(window);
    for (const outcome of audits) {
      const failures = (progress.audits.get(outcome.test.id)?.failures ?? 0) + outcome.failures;
      progress.audits.set(outcome.test.id, { ...outcome, failures });
    }
    for (const key of ['inserted', 'updated', 'deleted', 'retained'] as const) progress.totals[key] += totals[key];
    progress.totals.deleted += outside;
  };
}

/** What stands and is no table goes when the table is there. */
async function replacement(
  session: Session,
  { manifest, options }: BuildContext,
  node: ModelNode,
  job: Job,
  existing: ExistingRelation,
): Promise<Parameters<typeof takePlace>[1]> {
  const surroundings = { manifest, options, models: job.models };
  return {
    kind: 'table',
    existing,
    columns: job.yields.map(({ name }) => name),
    objects: objectNames(structureOf(node)),
    views: await viewsInTheWay(session, surroundings, node, existing, job.yields, job.decision),
  };
}

/** Gives a standing table what the model is now, before the first batch is put into it. @returns how many rows lay in no batch. */
async function prepare(
  session: Session,
  context: BuildContext,
  node: ModelNode,
  job: Job,
  existing: ExistingRelation,
  work: (steps: readonly Step[]) => Promise<void>,
): Promise<number> {
  const target = tableTarget(node, job.state.access);
  const renews = job.decision.mode === 'replace';
  const columns = renews ? alignColumns(node.relation, existing, job.yields) : job.schemaSteps;
  const standing = existing.columns.map(({ name }) => name);
  const table = relation(node.relation.schema, node.relation.name);
  const { manifest, options } = context;
  const surroundings = { manifest, options, models: job.models };
  const views =
    columns.length === 0 ? [] : await viewsInTheWay(session, surroundings, node, existing, job.yields, job.decision);
  await work([
    ...(renews && target.key !== undefined ? adoptKeys(target.key, table, standing) : []),
    ...secure(target, existing),
    ...dropObsolete(target, existing, job.state.remembered?.objects ?? []),
    ...remakeViews(views, columns),
  ]);
  const [first, last] = [job.known[0], job.known.at(-1)];
  if (!renews || first === undefined || last === undefined) return 0;
  const bounds = { from: job.keepsOlder ? undefined : literalOf(job, first.from), to: literalOf(job, last.to) };
  const totals = { inserted: 0, updated: 0, deleted: 0, retained: 0 };
  const clear = clearOutside({ target, eventTime: job.settings.eventTime }, existing, bounds);
  await perform(session, clear, node, undefined, totals, context.root);
  if (totals.deleted > 0) {
    const gone = { at: context.options.runStartedAt, changed: true, pending: false };
    await writeBatch(session, node.name, { ...gone, from: '-infinity', to: first.from.at });
    await writeBatch(session, node.name, { ...gone, from: last.to.at, to: 'infinity' });
  }
  return totals.deleted;
}

/** Whether those who follow the model by its load_id would miss what this transaction changed. */
async function isUnseen(session: Session, batch: Batch, job: Job, deleted: boolean): Promise<boolean> {
  if (deleted || job.mark === undefined) return true;
  const { rows } = await statement(session, writtenBelow(batch, job.mark));
  return rows[0]?.below === true;
}

/** When all batches are done: constraints and indexes that wait for the last old row, descriptions, the run's record. */
async function settle(
  session: Session,
  context: BuildContext,
  node: ModelNode,
  job: Job,
  progress: Progress,
): Promise<void> {
  const whole = job.missing.every((batch) => progress.built.has(batch));
  const existing = await readRelation(session, node.relation);
  if (existing?.kind !== 'table') return;
  const work = async (steps: readonly Step[]) => {
    for (const step of steps) await perform(session, step, node, undefined, progress.totals, context.root);
  };
  const target = tableTarget(node, job.state.access);
  const { remembered } = progress;
  if (remembered === undefined) return;
  const { objects } = remembered;
  if (whole) {
    await work([...secure(target, existing), ...addMissing(target, existing, objects)]);
    await forgetOtherBatches(session, node.name, job.known);
    const renewed = job.decision.mode !== 'increment' && job.state.pruned.size === 0;
    if (renewed && tablesBehind(context.manifest, node.reads).length === 0) await forgetExpired(session, node.name);
  }
  const made = whole ? objectNames(structureOf(node)) : objects;
  await remember(session, context, node, job, { ...remembered, objects: made });
  const comments = await readComments(session, node.relation);
  if (comments !== undefined) await work(describeRelation(node, comments));
}

function remember(
  session: Session,
  context: BuildContext,
  node: ModelNode,
  job: Job,
  state: ModelState,
): Promise<void> {
  return writeModel(session, {
    ...state,
    model: node.name,
    relation: relation(node.relation.schema, node.relation.name),
    builtAt: context.clock().toISOString(),
    consumed: job.state.upstreams,
  });
}

/** Of the constraints and indexes that the runner made, those that are still declared. */
function keptObjects(node: ModelNode, remembered: ModelState | undefined): readonly string[] {
  const wanted = new Set(objectNames(structureOf(node)));
  return (remembered?.objects ?? []).filter((name) => wanted.has(name));
}

function stretchOf(job: Job, { from, to }: BatchWindow): Stretch {
  return { from: literalOf(job, from), to: literalOf(job, to) };
}

/** Batches that follow each other as one stretch. */
function stretchesOf(job: Job, windows: readonly BatchWindow[]): Stretch[] {
  const joined: { from: Moment; to: Moment }[] = [];
  for (const { from, to } of windows) {
    const last = joined.at(-1);
    if (last?.to.at === from.at) last.to = to;
    else joined.push({ from, to });
  }
  return joined.map((window) => stretchOf(job, window));
}

function literalOf({ eventType }: Job, moment: Moment): string {
  return boundLiteral(eventType, moment) ?? `timestamptz '${moment.at}'`;
}
