import { literal } from '../../warehouse/quote.ts';
import type { Given } from '../database/attachments.ts';
import type { Column, ExistingRelation } from '../database/catalog.ts';
import type { Manifest, ModelNode, SeedNode } from '../manifest/manifest.ts';
import { rememberedPartitioning } from '../manifest/partition-names.ts';
import { placeholders } from '../manifest/placeholders.ts';
import { addRows } from '../materialize/incremental.ts';
import { createMaterializedView, refreshMaterializedView } from '../materialize/materialized-view.ts';
import { remakeViews, type StandingView } from '../materialize/parts/remake-views.ts';
import { repartition } from '../materialize/parts/repartition.ts';
import { takePlace } from '../materialize/parts/replace-relation.ts';
import { changeSchema } from '../materialize/parts/schema-change.ts';
import type { Step } from '../materialize/parts/step.ts';
import { addMissing, dropObsolete, objectNames, placeOf } from '../materialize/parts/structure.ts';
import type { KeepFrom, RowSource, TableTarget } from '../materialize/parts/target.ts';
import { addedColumns, createSnapshot, snapshotOf, updateSnapshot } from '../materialize/snapshot.ts';
import { createTable, replaceRows } from '../materialize/table.ts';
import { createView } from '../materialize/view.ts';
import { NodeError } from '../text/errors.ts';
import type { SqlText } from '../text/sql-text.ts';
import { checkContract, checkNamed } from './contract.ts';
import { isMoved } from './decide.ts';
import type { Decision, NodeState, PlanOptions } from './decision.ts';
import { dayLiteral, eventTimeTypes, keptOf } from './lost-rows.ts';
import { checkPartitionColumn } from './partition-column.ts';
import { secure, structureOf, tableTarget } from './table-target.ts';

/** The query a decision needs, with what only the run knows put in. Undefined for a seed. */
export function querySql(
  node: ModelNode | SeedNode,
  decision: Decision,
  state: Pick<NodeState, 'consumed'>,
  options: PlanOptions,
  names: Manifest,
): SqlText | undefined {
  if (node.kind === 'seed') return undefined;
  const sql = decision.mode === 'increment' ? (node.incrementalSql ?? node.fullSql) : node.fullSql;
  return sql.replace(placeholders(), (match) => {
    const upstream = match[1];
    if (upstream === undefined) return `timestamptz ${literal(options.runStartedAt)}`;
    return String(state.consumed.get(names.nodes.get(upstream)?.name ?? '')?.loadId ?? 0);
  });
}

/** What a plan needs to know besides a node and its state. */
export interface PlanInput {
  /** ISO time of the run, for what says since when it holds. */
  readonly at: string;
  /** Those that read the node, and go and come back where it changes in a way that PostgreSQL does not allow under them. */
  readonly views: readonly StandingView[];
  /** What is made again where another relation takes the place of what stands. */
  readonly given: Given;
}

/**
 * The statements that build a node. Pure: everything it needs of the database is in `state` and `yields`.
 * @param yields the columns of the query (with the surrogate key) or of the seed file; only an increment whose SQL has
 * not changed may go without.
 * @throws NodeError if the columns break the node's contract.
 */
export function plan(
  node: ModelNode | SeedNode,
  decision: Decision,
  state: NodeState,
  source: RowSource,
  yields: readonly Column[] | undefined,
  { at, views, given }: PlanInput,
): Step[] {
  if (decision.mode === 'skip') return [];
  const columns = yields ?? state.existing?.columns ?? [];
  if (yields !== undefined) checkContract(node, yields);
  const isSnapshot = node.kind === 'model' && node.materialized === 'snapshot';
  checkNamed(node, isSnapshot ? [...columns, ...addedColumns(node.config)] : columns);
  if (decision.mode === 'view') {
    if (source.kind !== 'query') throw new Error('a view is made of a query');
    return remakeViews(views, createView(node.relation, source.sql, state.existing, given, columns));
  }
  const target = tableTarget(node, state.access);
  const made = state.remembered?.objects ?? [];
  checkPartitionColumn(node, state.existing, columns);
  if (state.existing !== undefined && isMoved(node, decision, state)) {
    const { existing } = state;
    // The columns that come back with the grants on them.
    const drops = decision.mode === 'replace' || node.config.on_schema_change === 'sync_all_columns';
    const stay = existing.columns.filter(({ name }) => !drops || columns.some((column) => column.name === name));
    const kept = made.filter((name) => name !== rememberedPartitioning(made));
    const replacing = { columns: stay.map(({ name }) => name), given, views };
    return repartition(target, existing, kept, replacing, (now, then) =>
      changeRows(node, now, decision, { ...state, existing: then }, kept, source, columns, []),
    );
  }
  const replacement = (all: readonly Column[]) => ({
    columns: all.map(({ name }) => name),
    objects: objectNames(structureOf(node)),
    views,
    given,
  });
  if (node.kind === 'model' && node.materialized === 'materialized_view') {
    if (source.kind !== 'query') throw new Error('a materialized view is made of a query');
    const { sql } = source;
    if (state.existing === undefined) return createMaterializedView(target, sql, columns, undefined);
    if (decision.mode === 'refresh') return refreshMaterializedView(target, sql, state.existing, made);
    const { existing } = state;
    return takePlace(target, { ...replacement(columns), kind: 'materialized view', existing }, (now) =>
      createMaterializedView(now, sql, columns, existing),
    );
  }
  const snapshot = isSnapshot ? snapshotOf(target, node.config) : undefined;
  switch (decision.mode) {
    case 'snapshot':
      if (snapshot === undefined || state.existing === undefined || source.kind !== 'query')
        throw new Error('a snapshot is made of a query');
      return updateSnapshot(snapshot, source.sql, state.existing, columns, made, at);
    case 'create': {
      const create = (now: TableTarget) =>
        isSnapshot && source.kind === 'query'
          ? createSnapshot(snapshotOf(now, node.config), source.sql, columns, at)
          : createTable(now, source, columns);
      if (state.existing === undefined) return create(target);
      const { existing } = state;
      const all = isSnapshot ? [...columns, ...addedColumns(node.config)] : columns;
      return takePlace(target, { ...replacement(all), kind: 'table', existing }, create);
    }
    case 'replace':
    case 'increment':
      return changeRows(node, target, decision, state, made, source, columns, views);
    case 'refresh':
      throw new Error('only a materialized view is refreshed');
    default:
      return decision.mode satisfies never;
  }
}

/** Brings the rows of a standing table up to date, and whatever else is declared otherwise by now. */
function changeRows(
  node: ModelNode | SeedNode,
  target: TableTarget,
  { mode }: Decision,
  state: NodeState,
  made: readonly string[],
  source: RowSource,
  columns: readonly Column[],
  views: readonly StandingView[],
): Step[] {
  if (state.existing === undefined) throw new Error('there is no table to change');
  if (mode === 'replace')
    return replaceRows(target, source, state.existing, columns, made, {
      keepFrom: keepFrom(node, state, columns),
      views,
    });
  if (source.kind !== 'query') throw new Error('an increment is made of a query');
  return increment(node, target, state.existing, made, source.sql, columns, views);
}

function increment(
  node: ModelNode | SeedNode,
  target: TableTarget,
  existing: ExistingRelation,
  made: readonly string[],
  sql: SqlText,
  yields: readonly Column[],
  views: readonly StandingView[],
): Step[] {
  const { incremental_strategy: strategy = 'merge' } = node.config;
  if (strategy === 'microbatch') throw new Error('a microbatch model is built batch by batch');
  const { name, settings } = node;
  const table = { name, settings, relation: placeOf(target) };
  const change = changeSchema(table, node.config.on_schema_change, existing, yields);
  // First, since the owner sees what is there through it.
  const prepare = [...secure(target, existing), ...dropObsolete(target, existing, made)];
  return [
    ...(change.steps.length === 0 ? prepare : remakeViews(views, [...prepare, ...change.steps])),
    ...addMissing(target, existing, made),
    ...addRows(target, strategy, sql, change.columns),
  ];
}

/** The condition for the rows that a rebuild is about; undefined: all. */
function keepFrom(node: ModelNode | SeedNode, state: NodeState, columns: readonly Column[]): KeepFrom | undefined {
  const kept = keptOf(node, state.expired);
  const type = columns.find(({ name }) => name === kept?.column)?.type;
  if (kept === undefined || type === undefined) return undefined;
  const bound = dayLiteral(type, kept.before);
  if (bound !== undefined && (node.config.unique_key ?? []).length > 0) return { column: kept.column, bound };
  throw new NodeError({
    what: `${node.name} would be rebuilt, but rows of ${[...state.expired.keys()].join(', ')} that it is made of have been deleted, and its own cannot be told apart`,
    place: node.settings.get('event_time')?.place(),
    hint: `Nothing was touched. Give it a unique_key and an event_time of type ${eventTimeTypes.join(', ')}, so that older rows are kept as they are.`,
  });
}
