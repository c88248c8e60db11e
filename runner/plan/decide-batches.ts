import type { MicrobatchNode } from '../manifest/manifest.ts';
import type { KnownBatch } from '../state/batch-windows.ts';
import { refuseChangeOfKind } from './change-of-kind.ts';
import { reasonToReplace } from './decide.ts';
import type { NodeState } from './decision.ts';
import { keptOf, refuseToLose } from './lost-rows.ts';

/** Its table is created, or all of its batches are built again, or only some. */
export interface BatchDecision {
  readonly mode: 'create' | 'replace' | 'increment';
  readonly reason: string;
}

/** Decides from state alone what is to be done with a microbatch model. Which batches, {@link chooseBatches} says. Pure. */
export function decideBatches(node: MicrobatchNode, state: NodeState, fullRefresh: boolean): BatchDecision {
  const { existing } = state;
  if (existing === undefined) return { mode: 'create', reason: 'new' };
  if (existing.kind !== 'table') return { mode: 'create', reason: `was a ${existing.kind}` };
  const reason = reasonToReplace(node, state, { fullRefresh });
  return reason === undefined ? { mode: 'increment', reason: 'microbatch' } : { mode: 'replace', reason };
}

/**
 * Refuses what would lose rows or objects. A backfill builds batches again that are done. Pure.
 * @param asked whether just the batches of some time are built.
 * @throws NodeError that says how to go on.
 */
export function refuseBatches(node: MicrobatchNode, decision: BatchDecision, state: NodeState, asked: boolean): void {
  refuseChangeOfKind(node, decision, state);
  const isBackfill = asked && decision.mode === 'increment';
  refuseToLose(node, isBackfill ? { mode: 'replace', reason: 'a backfill' } : decision, state.pruned);
}

/** The batches that a model can be built of: what is older than what retention has left of its upstreams stays as it is. Pure. */
export function withRowsLeft(
  node: MicrobatchNode,
  all: readonly KnownBatch[],
  expired: NodeState['expired'],
): readonly KnownBatch[] {
  const kept = keptOf(node, expired)?.before.getTime();
  return kept === undefined ? all : all.filter(({ from }) => Date.parse(from.at) >= kept);
}
