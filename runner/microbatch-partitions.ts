import { relation } from '../warehouse/quote.ts';
import type { Session } from '../warehouse/warehouse.ts';
import { auditRemade } from './audit.ts';
import { noPrivileges, readBelongings, readComments } from './belongings.ts';
import type { BuildContext } from './build-node.ts';
import { readRelation } from './catalog.ts';
import { refuseToStrip } from './change-of-kind.ts';
import { type Decision, isMoved, type NodeState } from './decide.ts';
import type { ModelNode } from './manifest.ts';
import { describeRelation } from './materialize/comments.ts';
import { partitioningName, rememberedPartitioning } from './materialize/partition-names.ts';
import { repartition } from './materialize/repartition.ts';
import { refuseToStrand } from './partition-dependents.ts';
import { perform } from './perform.ts';
import { type ModelState, writeModel } from './state.ts';
import { secure, tableTarget } from './table-target.ts';
import { viewsInTheWay } from './views-in-the-way.ts';

/**
 * Moves the rows of a microbatch model into a table that is partitioned as declared, before its batches are built: with the
 * constraints and indexes that stood, since what is new waits for the last batch.
 * @returns the state from then on; the same one where the partitioning has not changed.
 * @throws NodeError if something hangs on the table that cannot be made again; nothing is touched then.
 */
export async function moveBatches(
  session: Session,
  {
    manifest,
    options,
    clock,
    root,
    sourceText,
  }: Pick<BuildContext, 'manifest' | 'options' | 'clock' | 'root' | 'sourceText'>,
  node: ModelNode,
  decision: Decision,
  state: NodeState,
  models: ReadonlyMap<string, ModelState>,
): Promise<NodeState> {
  const { existing, remembered } = state;
  if (existing === undefined || !isMoved(node, decision, state)) return state;
  const made = remembered?.objects ?? [];
  const views = await viewsInTheWay(session, { manifest, options, models }, node, state, undefined, decision);
  await refuseToStrand(session, node, made, views);
  const belongings = await readBelongings(session, node.relation);
  refuseToStrip(node, state, belongings?.extras ?? []);
  const target = tableTarget(node, state.access);
  const columns = existing.columns.map(({ name }) => name);
  const replacing = { columns, privileges: belongings ?? noPrivileges, views };
  const steps = repartition(target, existing, made, replacing, secure);
  const totals = { inserted: 0, updated: 0, deleted: 0, retained: 0 };
  for (const step of steps) await perform(session, step, node, undefined, totals, root);
  await auditRemade(session, { manifest, models, sourceText }, views);
  const bare = await readComments(session, node.relation);
  if (bare !== undefined)
    for (const step of describeRelation(node, bare, belongings?.comments))
      await perform(session, step, node, undefined, totals, root);
  const after = { ...state, existing: await readRelation(session, node.relation) };
  if (remembered === undefined) return after;
  const known = rememberedPartitioning(made);
  const kept = made.filter((name) => name !== known);
  const objects = node.partitionBy === undefined ? kept : [...kept, partitioningName(node.partitionBy)];
  await writeModel(session, {
    ...remembered,
    objects,
    model: node.name,
    relation: relation(node.relation.schema, node.relation.name),
    builtAt: clock().toISOString(),
    consumed: state.consumed,
  });
  return { ...after, remembered: { ...remembered, objects } };
}
