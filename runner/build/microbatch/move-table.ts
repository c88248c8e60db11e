import { StatementError } from '../../../warehouse/errors.ts';
import { identifier, relation } from '../../../warehouse/quote.ts';
import type { Session } from '../../../warehouse/warehouse.ts';
import { auditRemade } from '../../data-test/audit.ts';
import { commentsOn, readAttachments } from '../../database/attachments.ts';
import { type Column, type ExistingRelation, readRelation } from '../../database/catalog.ts';
import { ask } from '../../database/question.ts';
import type { MicrobatchNode } from '../../manifest/manifest.ts';
import { describeRelation } from '../../materialize/parts/comments.ts';
import { repartition } from '../../materialize/parts/repartition.ts';
import { run, type Step } from '../../materialize/parts/step.ts';
import { movedBecause } from '../../plan/decide.ts';
import type { BatchDecision } from '../../plan/decide-batches.ts';
import type { NodeState } from '../../plan/decision.ts';
import { secure, tableTarget } from '../../plan/table-target.ts';
import { nothingCreated } from '../../state/created.ts';
import { writeModel } from '../../state/models.ts';
import { NodeError } from '../../text/errors.ts';
import type { SqlText } from '../../text/sql-text.ts';
import { preserve } from '../transaction/blocking-dependents.ts';
import { blockingViews } from '../transaction/blocking-views.ts';
import type { BuildContext } from '../transaction/build-context.ts';
import { runSteps } from '../transaction/run-steps.ts';

/**
 * Moves the rows of a microbatch model into a new table before its batches are built: if the partitioning has changed, if all batches
 * are built and their columns have another order, or if the model was a view, whose rows readers then see until the batches replace them. The new table has the constraints and indexes of
 * the old one; new ones are added after the last batch.
 * @param yields the columns of the model's query. @param sql the query, of any batch.
 * @returns the state after the move; unchanged if no new table is needed.
 * @throws NodeError if objects on the old table would be lost, or rows would belong to no batch; nothing is touched then.
 */
export async function moveRows(
  session: Session,
  { manifest, options, clock, sourceText }: Pick<BuildContext, 'manifest' | 'options' | 'clock' | 'sourceText'>,
  node: MicrobatchNode,
  decision: BatchDecision,
  state: NodeState,
  yields: readonly Column[],
  sql: SqlText,
): Promise<NodeState> {
  const { existing, recorded } = state;
  if (existing === undefined) return state;
  const wasView = existing.kind !== 'table';
  const why = movedBecause(node, decision, state, yields);
  if (!wasView && why === undefined) return state;
  const created = recorded?.created ?? nothingCreated;
  const becomes = wasView ? yields : undefined;
  const views = await blockingViews(session, { manifest, options }, node, state, becomes, decision);
  const attachments = await readAttachments(session, node.relation);
  const preserved = await preserve(session, node, state, why, attachments, views);
  const target = tableTarget(node, state.access);
  const renews = wasView || why === 'order of columns';
  const next = renews ? { ...likeQuery(node, sql), columns: yields } : undefined;
  const stay = existing.columns.filter(({ name }) => !renews || yields.some((column) => column.name === name));
  const columns = stay.map(({ name }) => name);
  const replacing = { columns, preserved, views };
  const steps = repartition(target, existing, created, replacing, secure, next);
  const work = (those: readonly Step[]) => runSteps(session, those, node);
  await work(steps).catch((error: unknown) => {
    throw wasView && error instanceof StatementError ? notTakenOver(node, existing, error) : error;
  });
  await auditRemade(session, { manifest, sourceText }, views);
  const bare = await ask(session, commentsOn(node.relation));
  if (bare !== undefined) await work(describeRelation(node, bare, attachments?.comments));
  const after = { ...state, existing: await readRelation(session, node.relation) };
  if (recorded === undefined || wasView) return after;
  const now = { ...created, partitioning: node.partitionBy ?? null };
  await writeModel(session, {
    ...recorded,
    created: now,
    model: node.name,
    relation: relation(node.relation),
    builtAt: clock().toISOString(),
    consumed: state.consumed,
    rowsChanged: false,
    rowsRemoved: false,
  });
  return { ...after, recorded: { ...recorded, created: now } };
}

/** A temporary table with the columns of a query. */
function likeQuery({ config: { surrogate_key: key } }: MicrobatchNode, sql: SqlText) {
  const select = key === undefined ? '' : `select null::integer as ${identifier(key)}, q.*\nfrom (\n`;
  const from = key === undefined ? '' : '\n) as q';
  const create = 'create temporary table "datacycle_columns" on commit drop as\n';
  return { before: [run(create, select, sql, from, '\nwith no data')], like: 'pg_temp."datacycle_columns"' };
}

function notTakenOver({ name, relation: at, file }: MicrobatchNode, { kind }: ExistingRelation, error: StatementError) {
  return new NodeError({
    what: `${name}: the rows that the ${kind} ${at.schema}.${at.name} shows could not be put into a table: ${error.message}`,
    where: file,
    detail: error.detail,
    hint: `Nothing was touched. To do without them until its batches are built, drop it: drop ${kind} ${relation(at)};`,
    cause: error,
  });
}
