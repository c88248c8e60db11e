import { StatementError } from '../../../warehouse/errors.ts';
import { relation } from '../../../warehouse/quote.ts';
import type { Session } from '../../../warehouse/warehouse.ts';
import { auditRemade } from '../../data-test/audit.ts';
import { commentsOn, readAttachments } from '../../database/attachments.ts';
import { type Column, type ExistingRelation, readRelation } from '../../database/catalog.ts';
import { ask } from '../../database/question.ts';
import type { MicrobatchNode } from '../../manifest/manifest.ts';
import { describeRelation } from '../../materialize/parts/comments.ts';
import { repartition } from '../../materialize/parts/repartition.ts';
import type { Step } from '../../materialize/parts/step.ts';
import { alignColumns, placeOf } from '../../materialize/parts/structure.ts';
import { createdByHand, refuseToLoseAttachments } from '../../plan/change-of-kind.ts';
import { isMoved } from '../../plan/decide.ts';
import type { BatchDecision } from '../../plan/decide-batches.ts';
import type { NodeState } from '../../plan/decision.ts';
import { secure, tableTarget } from '../../plan/table-target.ts';
import { nothingMade } from '../../state/made.ts';
import { writeModel } from '../../state/models.ts';
import { NodeError } from '../../text/errors.ts';
import { refuseToLoseDependents } from '../transaction/blocking-dependents.ts';
import { blockingViews } from '../transaction/blocking-views.ts';
import type { BuildContext } from '../transaction/build-context.ts';
import { runSteps } from '../transaction/run-steps.ts';

/**
 * Moves the rows of a microbatch model into a new table before its batches are built: if the partitioning has changed, or if the
 * model was a view, whose rows readers then see until the batches replace them. The new table has the constraints and indexes of
 * the old one; new ones are added after the last batch.
 * @param yields the columns of the model's query.
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
): Promise<NodeState> {
  const { existing, remembered } = state;
  if (existing === undefined) return state;
  const wasView = existing.kind !== 'table';
  if (!wasView && !isMoved(node, decision, state)) return state;
  const made = remembered?.made ?? nothingMade;
  const becomes = wasView ? yields : undefined;
  const views = await blockingViews(session, { manifest, options }, node, state, becomes, decision);
  if (!wasView) await refuseToLoseDependents(session, node, made, views);
  const attachments = await readAttachments(session, node.relation);
  refuseToLoseAttachments(node, state, attachments);
  const target = tableTarget(node, state.access);
  const columns = existing.columns.map(({ name }) => name);
  const replacing = { columns, preserved: createdByHand(remembered, attachments), views };
  const steps = repartition(target, existing, made, replacing, (now, then) => [
    ...(wasView ? alignColumns(placeOf(now), existing, yields) : []),
    ...secure(now, then),
  ]);
  const work = (those: readonly Step[]) => runSteps(session, those, node);
  await work(steps).catch((error: unknown) => {
    throw wasView && error instanceof StatementError ? notTakenOver(node, existing, error) : error;
  });
  await auditRemade(session, { manifest, sourceText }, views);
  const bare = await ask(session, commentsOn(node.relation));
  if (bare !== undefined) await work(describeRelation(node, bare, attachments?.comments));
  const after = { ...state, existing: await readRelation(session, node.relation) };
  if (remembered === undefined || wasView) return after;
  const now = { ...made, partitioning: node.partitionBy ?? null };
  await writeModel(session, {
    ...remembered,
    made: now,
    model: node.name,
    relation: relation(node.relation),
    builtAt: clock().toISOString(),
    consumed: state.consumed,
    rowsChanged: false,
  });
  return { ...after, remembered: { ...remembered, made: now } };
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
