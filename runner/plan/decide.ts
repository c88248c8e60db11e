import type { Column, ExistingRelation } from '../database/catalog.ts';
import {
  type BuiltNode,
  followedByMark,
  type IncrementalNode,
  isMicrobatch,
  type MaterializedViewNode,
  type MicrobatchNode,
  type SeedNode,
  type TableNode,
} from '../manifest/manifest.ts';
import { isPartitionedByHand, isReordered, isRepartitioned } from '../materialize/parts/repartition.ts';
import { nothingCreated } from '../state/created.ts';
import { refuseChangeOfKind } from './change-of-kind.ts';
import type { Decision, MoveReason, NodeState, PlanOptions } from './decision.ts';
import { refuseToForget, refuseToLose } from './lost-rows.ts';
import { relationKindOf, restructure, secure, structureOf, tableTarget } from './table-target.ts';

/**
 * Decides from state alone how a node is built. Pure.
 * @throws NodeError if that would take rows that nothing can make again: pruned, deleted by retention, or a snapshot's.
 */
export function decide(node: BuiltNode, state: NodeState, options: PlanOptions): Decision {
  const decision = choose(node, state, options);
  refuseChangeOfKind(node, decision, state);
  refuseToLose(node, decision, state.pruned);
  refuseToForget(node, decision, state);
  return decision;
}

function choose(node: BuiltNode, state: NodeState, options: PlanOptions): Decision {
  const { existing, recorded } = state;
  switch (node.materialized) {
    case 'ephemeral':
      return { mode: 'skip', reason: 'ephemeral' };
    case 'view': {
      const unchanged = recorded?.checksum === node.checksum && !isReshaped(state);
      if (existing?.kind === 'view' && unchanged && existing.securityInvoker && !options.fullRefresh)
        return { mode: 'skip', reason: 'unchanged' };
      return { mode: 'view', reason: existing === undefined ? 'new' : 'its definition' };
    }
    case 'materialized_view':
      if (existing?.kind !== 'materialized view') return created(existing);
      return chooseRefresh(node, existing, state, options);
    case 'snapshot':
      if (existing?.kind !== 'table') return created(existing);
      if (recorded !== undefined && recorded.materialized !== 'snapshot')
        return { mode: 'create', reason: `was a ${recorded.materialized}` };
      // Its history is nowhere else, so nothing rebuilds it.
      return { mode: 'snapshot', reason: 'snapshot', existing };
    case 'table':
      if (existing?.kind !== 'table') return created(existing);
      return staysAsItIs(node, existing, state, options) ?? { mode: 'replace', reason: 'table', existing };
    case 'seed':
      if (existing?.kind !== 'table') return created(existing);
      return staysAsItIs(node, existing, state, options) ?? { mode: 'replace', reason: 'table', existing };
    case 'incremental':
      if (existing?.kind !== 'table') return created(existing);
      return chooseIncrement(node, existing, state, options);
    default:
      return node satisfies never;
  }
}

/**
 * Skips a node whose query or file yields what it has: nothing that it reads has other rows than when it was built, and its SQL and
 * settings are the same.
 */
function staysAsItIs(
  node: TableNode | MaterializedViewNode | IncrementalNode | SeedNode,
  existing: ExistingRelation,
  state: NodeState,
  { fullRefresh }: PlanOptions,
): Decision | undefined {
  const { recorded, upstreams, consumed, access } = state;
  if (fullRefresh || isReshaped(state) || (node.kind === 'model' && node.volatile) || (node.hooks ?? []).length > 0)
    return undefined;
  if (recorded?.checksum !== node.checksum || recorded.materialized !== node.materialized) return undefined;
  // Only of what it reads is it known whether it has changed.
  if (upstreams.size === 0) return undefined;
  for (const [name, { rows }] of upstreams)
    if (rows === undefined || rows !== consumed.get(name)?.rows) return undefined;
  const target = node.materialized === 'materialized_view' ? structureOf(node) : tableTarget(node, access);
  if (isRepartitioned(target, existing, recorded.created)) return undefined;
  // Dropped or renamed by hand, unless a new column of the query is one to do without.
  const has = new Set(existing.columns.map(({ name }) => name));
  const needsAll = node.materialized !== 'incremental' || node.config.on_schema_change !== 'ignore';
  if (needsAll && recorded.created.columns?.some(({ name }) => !has.has(name)) === true) return undefined;
  if (restructure(target, existing, recorded.created).length > 0) return undefined;
  return {
    mode: 'skip',
    reason: node.kind === 'seed' ? 'its file has not changed' : 'nothing that it reads has changed',
  };
}

function created(existing: ExistingRelation | undefined): Decision {
  return { mode: 'create', reason: existing === undefined ? 'new' : `was a ${existing.kind}` };
}

function chooseIncrement(
  node: IncrementalNode | MicrobatchNode,
  existing: ExistingRelation,
  state: NodeState,
  options: PlanOptions,
): Decision {
  const rebuild = reasonToReplace(node, state, options);
  if (rebuild !== undefined) return { mode: 'replace', reason: rebuild, existing };
  const left = isMicrobatch(node) ? undefined : staysAsItIs(node, existing, state, options);
  if (left !== undefined) return left;
  if (followedByMark(node).length === 0 || node.volatile || !nothingNew(state) || isReshaped(state))
    return { mode: 'increment', reason: 'incremental', existing };
  const target = tableTarget(node, state.access);
  const created = state.recorded?.created ?? nothingCreated;
  if (isRepartitioned(target, existing, created))
    return { mode: 'increment', reason: 'its partitioning changed', existing };
  const changes = restructure(target, existing, created).length;
  if (changes === 0) return { mode: 'skip', reason: 'nothing new' };
  const others = changes - secure(target, existing).length;
  const what = others === 0 ? 'row security' : 'constraints or indexes';
  return { mode: 'increment', reason: `its ${what} changed`, existing };
}

/** An existing materialized view is refreshed, unless its definition, columns or key changed. */
function chooseRefresh(
  node: MaterializedViewNode,
  existing: ExistingRelation,
  state: NodeState,
  options: PlanOptions,
): Decision {
  if (options.fullRefresh) return { mode: 'replace', reason: 'full refresh', existing };
  if (state.recorded?.checksum !== node.checksum)
    return { mode: 'replace', reason: 'its definition changed', existing };
  // It would be refreshed from the relation that had the name before.
  if (state.recorded.upstreamShape !== null && isReshaped(state))
    return { mode: 'replace', reason: 'another relation has the name of what it reads', existing };
  const key = [...(node.config.unique_key ?? [])].sort().join('\n');
  const isRefreshable = existing.populated && existing.unique.some((columns) => [...columns].sort().join('\n') === key);
  if (!isRefreshable)
    return { mode: 'replace', reason: existing.populated ? 'its unique index is gone' : 'it had no rows', existing };
  return staysAsItIs(node, existing, state, options) ?? { mode: 'refresh', reason: 'refreshed', existing };
}

/** Whether what a node reads has other columns than when it was built, or is another relation. Pure. */
export function isReshaped({ recorded, upstreamShape }: Pick<NodeState, 'recorded' | 'upstreamShape'>): boolean {
  return recorded?.upstreamShape !== upstreamShape;
}

/**
 * Why another table takes the place of a table: its partitioning changes, or a rebuild gives it another order of columns or types to
 * which its rows cannot be cast. Pure.
 * @param yields the columns of its query; undefined: those that it has.
 */
export function movedBecause(
  node: BuiltNode,
  { mode }: Pick<Decision, 'mode'>,
  { existing, recorded, convertible }: Pick<NodeState, 'existing' | 'recorded' | 'convertible'>,
  yields: readonly Column[] | undefined,
): MoveReason | undefined {
  if (mode !== 'replace' && mode !== 'increment') return undefined;
  const target = tableTarget(node);
  if (isRepartitioned(target, existing, recorded?.created ?? nothingCreated)) return 'partitioning';
  if (mode === 'increment' || yields === undefined || relationKindOf(node) !== 'table') return undefined;
  if (isReordered(target, existing, yields)) return 'order of columns';
  return convertible === false && !isPartitionedByHand(target, existing) ? 'type of a column' : undefined;
}

/** Why a build replaces all rows of an incremental model, in a few words: its own `full_refresh` counts before all else. Pure. */
export function reasonToReplace(
  node: IncrementalNode | MicrobatchNode,
  state: NodeState,
  options: Pick<PlanOptions, 'fullRefresh'>,
): string | undefined {
  if (node.config.full_refresh === true) return 'full_refresh: true';
  return node.config.full_refresh === false ? undefined : reasonToRebuild(node, state, options);
}

/** Why an incremental model has to be rebuilt, in a few words; undefined if it need not be. Pure. */
export function reasonToRebuild(
  node: BuiltNode,
  state: Pick<NodeState, 'recorded' | 'consumed' | 'upstreams'>,
  options: Pick<PlanOptions, 'fullRefresh'>,
): string | undefined {
  if (options.fullRefresh) return 'full refresh';
  if (state.recorded === undefined) return 'not built by datacycle before';
  if (state.recorded.checksum !== node.checksum) return 'its SQL changed';
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

export function hasMoved(state: Pick<NodeState, 'upstreams' | 'consumed'>): boolean {
  return [...state.upstreams].some(([name, now]) => {
    const then = state.consumed.get(name);
    return then === undefined || then.version !== now.version || then.loadId !== now.loadId;
  });
}
