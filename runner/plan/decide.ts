import type { ExistingRelation } from '../database/catalog.ts';
import type { ModelNode, SeedNode } from '../manifest/manifest.ts';
import { isRepartitioned } from '../materialize/parts/repartition.ts';
import { refuseChangeOfKind } from './change-of-kind.ts';
import type { Decision, NodeState, PlanOptions } from './decision.ts';
import { refuseToForget, refuseToLose } from './lost-rows.ts';
import { restructure, secure, tableTarget } from './table-target.ts';

/**
 * Decides from state alone how a node is built. Pure.
 * @throws NodeError if that would take rows that nothing can make again: pruned, deleted by retention, or a snapshot's.
 */
export function decide(node: ModelNode | SeedNode, state: NodeState, options: PlanOptions): Decision {
  const decision = choose(node, state, options);
  refuseChangeOfKind(node, decision, state);
  refuseToLose(node, decision, state.pruned);
  refuseToForget(node, decision, state);
  return decision;
}

function choose(node: ModelNode | SeedNode, state: NodeState, options: PlanOptions): Decision {
  const { existing, remembered } = state;
  const materialized = node.kind === 'seed' ? 'table' : node.materialized;
  if (materialized === 'ephemeral') return { mode: 'skip', reason: 'ephemeral' };
  const unchanged = remembered?.checksum === node.checksum;
  if (materialized === 'view') {
    if (existing?.kind === 'view' && unchanged && existing.securityInvoker && !options.fullRefresh)
      return { mode: 'skip', reason: 'unchanged' };
    return { mode: 'view', reason: existing === undefined ? 'new' : 'its definition' };
  }
  if (existing === undefined) return { mode: 'create', reason: 'new' };
  if (materialized === 'materialized_view') return chooseRefresh(node, existing, state, options);
  if (existing.kind !== 'table') return { mode: 'create', reason: `was a ${existing.kind}` };
  const wasOther = remembered !== undefined && remembered.materialized !== 'snapshot';
  if (materialized === 'snapshot' && wasOther) return { mode: 'create', reason: `was a ${remembered.materialized}` };
  // Its history is nowhere else, so nothing rebuilds it.
  if (materialized === 'snapshot') return { mode: 'snapshot', reason: 'snapshot' };
  if (materialized === 'table') return { mode: 'replace', reason: 'table' };

  const mayRebuild = node.config.full_refresh !== false;
  const reason = mayRebuild ? reasonToRebuild(node, state, options) : undefined;
  if (reason !== undefined) return { mode: 'replace', reason };
  if (node.kind === 'model' && !node.volatile && node.highWater.length > 0 && nothingNew(state)) {
    const target = tableTarget(node, state.access);
    const made = remembered?.objects ?? [];
    if (isRepartitioned(target, existing, made)) return { mode: 'increment', reason: 'its partitioning changed' };
    const changes = restructure(target, existing, made).length;
    if (changes === 0) return { mode: 'skip', reason: 'nothing new' };
    const others = changes - secure(target, existing).length;
    return { mode: 'increment', reason: `its ${others === 0 ? 'row security' : 'constraints or indexes'} changed` };
  }
  return { mode: 'increment', reason: 'incremental' };
}

/** A materialized view that stands is refreshed, unless it is to be another one. */
function chooseRefresh(
  node: ModelNode | SeedNode,
  existing: ExistingRelation,
  state: NodeState,
  options: PlanOptions,
): Decision {
  if (existing.kind !== 'materialized view') return { mode: 'create', reason: `was a ${existing.kind}` };
  if (options.fullRefresh) return { mode: 'replace', reason: 'full refresh' };
  if (state.remembered?.checksum !== node.checksum) return { mode: 'replace', reason: 'its definition changed' };
  const key = [...(node.config.unique_key ?? [])].sort().join('\n');
  const isRefreshable = existing.populated && existing.unique.some((columns) => [...columns].sort().join('\n') === key);
  return isRefreshable
    ? { mode: 'refresh', reason: 'refreshed' }
    : { mode: 'replace', reason: existing.populated ? 'its unique index is gone' : 'it had no rows' };
}

/** Whether a table's rows move into another one, since it is to be partitioned otherwise. Pure. */
export function isMoved(
  node: ModelNode | SeedNode,
  { mode }: Decision,
  { existing, remembered }: Pick<NodeState, 'existing' | 'remembered'>,
): boolean {
  if (mode !== 'replace' && mode !== 'increment') return false;
  return isRepartitioned(tableTarget(node), existing, remembered?.objects ?? []);
}

/** Why an incremental model has to be rebuilt, in a few words; undefined if it need not be. Pure. */
export function reasonToRebuild(
  node: ModelNode | SeedNode,
  state: Pick<NodeState, 'remembered' | 'consumed' | 'upstreams'>,
  options: Pick<PlanOptions, 'fullRefresh'>,
): string | undefined {
  if (options.fullRefresh) return 'full refresh';
  if (state.remembered === undefined) return 'not built by datacycle before';
  if (state.remembered.checksum !== node.checksum) return 'its SQL changed';
  for (const [upstream, now] of state.upstreams) {
    const then = state.consumed.get(upstream);
    if (then === undefined) return `${upstream} is a new upstream`;
    if (then.version !== now.version) return `${upstream} was rebuilt or changed`;
  }
  return undefined;
}

/** Whether no upstream that the node follows by high-water mark has loads that it has not consumed. */
export function nothingNew(state: Pick<NodeState, 'upstreams' | 'consumed'>): boolean {
  return [...state.upstreams].every(
    ([upstream, now]) => (now.loadId ?? 0) <= (state.consumed.get(upstream)?.loadId ?? 0),
  );
}
