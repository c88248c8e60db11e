// Builds one model or seed in one transaction (a microbatch model: one for each batch, in microbatch/):
//
//   1. hooks with `transaction: false` run
//   2. a generated view whose name changed is renamed (rename-view.ts), and pre-hooks run
//   3. the state is read and plan/decide.ts decides: skip, create, replace, increment, refresh, snapshot
//   4. plan/plan.ts makes the steps, and transaction/run-steps.ts executes them
//   5. comments, post-hooks and grants follow, then the audits
//   6. the checksum, the generation, the high-water marks and the result are recorded, and all of it commits
//
// What is known to stay as it is from a look at the whole run (standing.ts) has no transaction at all.
//
// A transaction that fails because of another session is tried again (database/locks/retry.ts), as is one that waits for a lock while
// readers wait for it (database/locks/lock-waits.ts). If anything else fails, the database
// is as it was before, and the error points at the template.

import { relation } from '../../warehouse/quote.ts';
import type { Session } from '../../warehouse/warehouse.ts';
import { type AuditOutcome, auditRemade, runAudits } from '../data-test/audit.ts';
import { keepBadRows } from '../data-test/audit-failure.ts';
import { type Attachments, readAttachments } from '../database/attachments.ts';
import { beginWith, type Column, isWorthAnalyzing, sameColumns } from '../database/catalog.ts';
import { isConvertible } from '../database/conversion.ts';
import { withDeclaredTypes } from '../database/declared-types.ts';
import { explain } from '../database/statement.ts';
import { tablesBehind } from '../manifest/lineage.ts';
import {
  type BuiltNode,
  incrementalSqlOf,
  isMicrobatch,
  type Manifest,
  type SeedNode,
  type WholeModel,
} from '../manifest/manifest.ts';
import { createdFor } from '../materialize/parts/structure.ts';
import { checkContract, keepsContract } from '../plan/contract.ts';
import { decide, hasMoved, isReshaped, movedBecause } from '../plan/decide.ts';
import type { Decision, NodeState } from '../plan/decision.ts';
import { plan, querySql } from '../plan/plan.ts';
import { structureOf } from '../plan/table-target.ts';
import { testNewRows } from '../reuse/new-rows.ts';
import { rowsVersionOf } from '../reuse/row-versions.ts';
import { isSteady } from '../reuse/steady.ts';
import { type Created, nothingCreated } from '../state/created.ts';
import { deleteExpired } from '../state/expired.ts';
import { type BuiltModel, type Consumed, writeModel } from '../state/models.ts';
import { hintFor } from './build-hint.ts';
import { newestLoadBefore, runIncrement } from './late-rows.ts';
import { buildBatches } from './microbatch/batches.ts';
import { followRename } from './rename-view.ts';
import { preserve } from './transaction/blocking-dependents.ts';
import { blockingViews, isReplaced } from './transaction/blocking-views.ts';
import type { BuildContext, Built, BuiltRelation } from './transaction/build-context.ts';
import { completeRelation } from './transaction/complete-relation.ts';
import { decideAfterHooks } from './transaction/decide-after-hooks.ts';
import { type HookContext, runHooksOutside } from './transaction/hooks.ts';
import { shapeOnceBuilt } from './transaction/node-state.ts';
import { isNewView, readRows } from './transaction/rows.ts';
import { runSteps } from './transaction/run-steps.ts';
import { shapeOf } from './transaction/shape.ts';
import { changedRows, noRows, type Totals } from './transaction/totals.ts';

/**
 * Builds one model or seed in one transaction: rows, high-water marks and the run's record commit together or not at all. A
 * microbatch model has one transaction for each of its batches. Hooks before and in the transaction are run; {@link finishNode}
 * runs those after it.
 * @throws NodeError, with the template's place for an error that PostgreSQL reports; also for an audit that fails, whose bad rows
 * are then recorded.
 */
export async function buildNode(context: BuildContext, node: BuiltNode): Promise<Built> {
  const explained = async (error: unknown) =>
    explain(await keepBadRows(context, node, error), {
      name: node.name,
      file: node.file,
      sourceText: context.sourceText,
      hint: (fault) => hintFor(fault, node, context.manifest),
    });
  const { locks, lock, standing } = context;
  const left = standing?.of(node);
  if (left !== undefined) return { decision: left, ...noRows, audits: [], recorded: false };
  let isUntouched = false;
  let becomes: BuiltRelation = 'other';
  try {
    await runHooksOutside(context, node, 'pre', 'create', hookContext(context));
    const built = isMicrobatch(node)
      ? await buildBatches(context, node, explained)
      : await locks.transaction(node.name, (session) => buildIn(session, context, node), {
          isolation: 'repeatable read',
          lock,
        });
    isUntouched = built.decision.mode === 'skip' && !built.recorded && (node.hooks ?? []).length === 0;
    becomes = built.relation ?? 'other';
    return built;
  } catch (error) {
    throw await explained(error);
  } finally {
    if (!isUntouched) standing?.built(node, becomes);
  }
}

/** Runs the post-hooks that run after the commit. If one fails, the rows stay. @throws NodeError */
export async function finishNode(context: BuildContext, node: BuiltNode, built: Built): Promise<void> {
  await runHooksOutside(context, node, 'post', built.decision.mode, hookContext(context));
}

async function buildIn(session: Session, context: BuildContext, given: SeedNode | WholeModel): Promise<Built> {
  const startedAt = context.clock().toISOString();
  const { manifest, options, standing } = context;
  const isRenamed = await followRename(session, given, manifest);
  const { state: found, decision: decided } = await decideAfterHooks(
    session,
    {
      manifest,
      hooks: hookContext(context),
      reuse: context.reuse,
      seen: isRenamed ? undefined : (one) => standing?.takeSeen(one),
    },
    given,
    (one) => decide(given, one, options),
  );
  // After the pre-hooks, which may make a type.
  const node = await withDeclaredTypes(session, given);
  let state = found;
  let decision = decided;
  let totals = noRows;
  let reshaped = false;
  let isLate = false;
  let becomes: BuiltRelation = 'same';
  let columns = columnsOf(state);
  let before: Attachments | undefined;
  if (decision.mode !== 'skip') {
    const rows = await readRows(session, context, node, decision, state);
    const { yields } = rows;
    columns = yields ?? columns;
    // Rows that it cannot yield again have to stay.
    if (decision.mode === 'replace' && decision.existing.kind === 'table' && state.expired.size === 0)
      state = {
        ...state,
        convertible: await isConvertible(session, node.relation, decision.existing.columns, yields ?? []),
      };
    reshaped = yields === undefined ? isNewView(node, state) : isReshapedBy(node, yields, decision, state);
    // It keeps the columns that `select *` gave it when it was made.
    if (reshaped && decision.mode === 'refresh')
      decision = { ...decision, mode: 'replace', reason: 'its columns changed' };
    if (isReplaced(node, state, yields, decision)) before = await readAttachments(session, node.relation);
    const surroundings = { manifest: context.manifest, options: context.options };
    const views = await blockingViews(session, surroundings, node, state, yields, decision);
    const isMade = decision.mode === 'create' || decision.mode === 'view';
    if (state.existing === undefined && state.recorded === undefined) becomes = 'new';
    else if (isMade || before !== undefined || reshaped || views.length > 0) becomes = 'other';
    const why = movedBecause(node, decision, state, yields);
    const preserved = await preserve(session, node, state, why, before, views);
    const { runStartedAt } = context.options;
    const input = { at: runStartedAt, views, preserved };
    const mark = await newestLoadBefore(session, manifest, node, decision, columnsOf(state), columns);
    const steps = plan(rows, decision, state, input);
    context.onSql?.(
      node,
      steps.map(({ sql }) => sql.text),
    );
    if (mark === undefined) totals = await runSteps(session, steps, node);
    else ({ totals, isLate } = await runIncrement(session, node, steps, mark));
    await auditRemade(session, context, views);
    await analyzeIfGrown(session, node, state, decision, changedRows(totals));
  } else if (node.kind === 'model' && node.materialized !== 'ephemeral' && !keepsContract(node, columnsOf(state))) {
    const sql = querySql(node, 'full', state, context.options, context.manifest);
    checkContract(node, (await shapeOf(session, node, decision, state, sql)) ?? []);
  }
  const stood = {
    comments: before?.comments,
    unchanged: becomes === 'same' ? state.comments : undefined,
    created: state.recorded?.created ?? nothingCreated,
  };
  const grants = await completeRelation(session, node, decision.mode, stood, hookContext(context));
  // Last, since hooks may change rows too.
  const audits = await runAudits(session, context, node, decision.mode, totals.retained);
  if (decision.mode === 'increment' && !reshaped) await testIncrement(session, context, node, state, audits);
  const changed = reshaped || changedRows(totals) > 0;
  const isNews = decision.mode !== 'skip' || state.recorded === undefined || hasMoved(state) || grants.changed;
  const afterGrants: Decision =
    decision.mode === 'skip' && grants.changed ? { mode: 'skip', reason: 'its grants changed' } : decision;
  // A commit that writes nothing costs nothing; the run records what stayed as it was when it is over.
  if (isNews) {
    const built: BuiltModel = {
      model: node.name,
      relation: relation(node.relation),
      materialized: node.materialized,
      checksum: node.checksum,
      generation: (state.recorded?.generation ?? 0) + (isLate || newGeneration(decision, changed) ? 1 : 0),
      created: { ...createdBy(node, decision, state, columns), grants: grants.created },
      upstreamShape:
        decision.mode === 'skip' ? state.upstreamShape : await shapeOnceBuilt(session, manifest, node, state),
      builtAt: startedAt,
      consumed: await consumedRows(session, context, node, state, totals),
      rowsChanged: decision.mode === 'create' || changed || (node.hooks ?? []).length > 0,
      rowsRemoved: reshaped || (node.hooks ?? []).length > 0 || mayRemove(decision, totals),
    };
    await writeModel(session, built, {
      runId: context.runId,
      node: node.name,
      kind: node.kind,
      status: 'success',
      startedAt,
      finishedAt: context.clock().toISOString(),
      ...totals,
      message: afterGrants.reason,
    });
  }
  if (isWholeAgain(manifest, node, decision, state)) await deleteExpired(session, node.name);
  return { decision: afterGrants, ...totals, audits, recorded: isNews, relation: becomes };
}

/** Runs the tests that need to look at the new rows only; what they find is the outcome of these tests later in the run. */
async function testIncrement(
  session: Session,
  { reuse }: BuildContext,
  node: SeedNode | WholeModel,
  { recorded }: NodeState,
  audits: readonly AuditOutcome[],
): Promise<void> {
  if (reuse === undefined || recorded === undefined || (node.hooks ?? []).length > 0) return;
  const tests = reuse.testsOfNewRows(node, rowsVersionOf(recorded));
  for (const { test, failures } of audits) if (tests.includes(test)) reuse.foundInNewRows(test, failures);
  const own = tests.filter(({ newRows }) => newRows !== undefined);
  const found = await testNewRows(session, node, own);
  for (const [index, test] of own.entries()) {
    const failures = found?.[index];
    if (failures !== undefined) reuse.foundInNewRows(test, failures);
  }
}

/**
 * What a node has consumed. The versions of the rows that it read are left out where the same rows could yield another result, or
 * where a row is still there only because others point at it: then it is built again whatever has changed.
 */
async function consumedRows(
  session: Session,
  { manifest }: BuildContext,
  node: SeedNode | WholeModel,
  state: NodeState,
  { retained }: Totals,
): Promise<ReadonlyMap<string, Consumed>> {
  const versions = [...state.upstreams.values()];
  if (versions.every(({ rows }) => rows === undefined)) return state.upstreams;
  const isKnown = retained === 0 && versions.every(({ rows }) => rows !== undefined);
  // Of the same SQL on the same columns it is known from the last build.
  const wasLike = [...state.upstreams.keys()].every((name) => state.consumed.get(name)?.rows !== undefined);
  if (isKnown && wasLike && state.recorded?.checksum === node.checksum && !isReshaped(state)) return state.upstreams;
  const forms = node.kind === 'seed' ? [] : [node.fullSql, incrementalSqlOf(node) ?? []].flat();
  let isLike = isKnown;
  for (const sql of forms) isLike &&= await isSteady(session, manifest, node.reads, sql);
  if (isLike) return state.upstreams;
  return new Map([...state.upstreams].map(([name, one]) => [name, { ...one, rows: undefined }]));
}

/** Whether a model has again the rows that retention deleted: it was rebuilt from sources that have all their rows. */
function isWholeAgain(manifest: Manifest, node: BuiltNode, { mode }: Decision, { pruned }: NodeState): boolean {
  if (mode !== 'create' && mode !== 'replace') return false;
  return pruned.size === 0 && tablesBehind(manifest, node.reads).length === 0;
}

function hookContext({ options: { runStartedAt }, runId, sourceText, onSql }: BuildContext): HookContext {
  return { runStartedAt, runId, sourceText, onSql };
}

/** What the runner created for a node besides its rows, without grants. */
function createdBy(node: BuiltNode, decision: Decision, state: NodeState, columns: readonly Column[]): Created {
  if (decision.mode === 'view') return nothingCreated;
  if (decision.mode === 'skip') return state.recorded?.created ?? nothingCreated;
  const created = createdFor(structureOf(node));
  return ['incremental', 'table', 'seed'].includes(node.materialized)
    ? { ...created, columns: columns.map(({ name, type }) => ({ name, type })) }
    : created;
}

function columnsOf({ existing }: NodeState): readonly Column[] {
  return existing?.columns ?? [];
}

/** Whether a relation gets other columns, or another order of them. A snapshot only gains some. */
function isReshapedBy(node: BuiltNode, yields: readonly Column[], decision: Decision, state: NodeState): boolean {
  const { mode } = decision;
  const existingColumns = columnsOf(state);
  if (mode === 'snapshot') return yields.some(({ name }) => existingColumns.every((column) => column.name !== name));
  if (!sameColumns(yields, existingColumns) || movedBecause(node, decision, state, yields) === 'order of columns')
    return true;
  return mode === 'refresh' && !beginWith(yields, existingColumns);
}

/** Increments are seen by their consumers through load ids, unless they are late; any other change of rows starts a new generation. */
function newGeneration(decision: Decision, changed: boolean): boolean {
  return decision.mode === 'create' || (['replace', 'refresh', 'snapshot'].includes(decision.mode) && changed);
}

/** Whether rows may have gone. Others are found by their unique key, so that it stays theirs. */
function mayRemove(decision: Decision, totals: Totals): boolean {
  if (decision.mode === 'create' || totals.deleted > 0) return true;
  if (decision.mode === 'replace') return decision.existing.kind !== 'table';
  return decision.mode !== 'increment' && changedRows(totals) > 0;
}

/** The planner knows a fresh table. */
async function analyzeIfGrown(
  session: Session,
  node: BuiltNode,
  state: NodeState,
  decision: Decision,
  changed: number,
): Promise<void> {
  if (decision.mode === 'view' || decision.mode === 'create') return;
  if (state.existing !== undefined && isWorthAnalyzing(state.existing, changed))
    await session.query(`analyze ${relation(node.relation)}`);
}
