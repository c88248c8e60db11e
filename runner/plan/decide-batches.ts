import type { MicrobatchNode } from '../manifest/manifest.ts';
import { reasonToReplace } from './decide.ts';
import type { NodeState } from './decision.ts';

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
