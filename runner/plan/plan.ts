// The planner. From what the manifest says of a node and what the database says of it, it makes the statements that build it.
//
//   1. decide.ts         what is to be done, and why: skip, create, replace, increment, refresh, snapshot
//      decide-batches.ts the same for a microbatch model; batch-choice.ts says which of its batches
//   2. plan.ts           the steps of one transaction that builds the node as a whole
//      plan-batch.ts     the steps of one batch
//      plan-beside.ts    the steps that make its rows beside its table, to compare them
//   3. lost-rows.ts, change-of-kind.ts, contract.ts, partition-column.ts refuse what would lose rows or break a promise
//
// Everything here is pure: it takes values and returns values, and names no connection (the linter holds it). `build`,
// batches, `check` and `verify` all run these steps by `runSteps` of build/transaction.

import { literal } from '../../warehouse/quote.ts';
import type { Preserved } from '../database/attachments.ts';
import type { Column } from '../database/catalog.ts';
import {
  type BuiltNode,
  type IncrementalNode,
  incrementalSqlOf,
  type Manifest,
  type MaterializedViewNode,
  type ModelNode,
  type SeedNode,
  type SnapshotNode,
  type TableNode,
  type WholeModel,
} from '../manifest/manifest.ts';
import { addRows } from '../materialize/incremental.ts';
import { createMaterializedView, refreshMaterializedView } from '../materialize/materialized-view.ts';
import { type DependentView, recreateViews } from '../materialize/parts/recreate-views.ts';
import { repartition } from '../materialize/parts/repartition.ts';
import { replaceRelation } from '../materialize/parts/replace-relation.ts';
import { changeSchema } from '../materialize/parts/schema-change.ts';
import { type Step, staged } from '../materialize/parts/step.ts';
import { addMissing, dropObsolete, objectNames, placeOf } from '../materialize/parts/structure.ts';
import type { KeepFrom, RowSource, SeedRows, TableTarget } from '../materialize/parts/target.ts';
import { addedColumns, createSnapshot, snapshotOf, updateSnapshot } from '../materialize/snapshot.ts';
import { createTable, replaceByStaged, replaceRows, stageAnew } from '../materialize/table.ts';
import { createView } from '../materialize/view.ts';
import { settingPlace } from '../project/setting-places.ts';
import { type Created, nothingCreated } from '../state/created.ts';
import { NodeError } from '../text/errors.ts';
import type { SqlText } from '../text/sql-text.ts';
import { checkContract, checkNamed } from './contract.ts';
import { movedBecause } from './decide.ts';
import type { Change, Decision, NodeState, PlanOptions } from './decision.ts';
import { dayLiteral, eventTimeTypes, keptOf } from './lost-rows.ts';
import { checkPartitionColumn } from './partition-column.ts';
import { secure, structureOf, tableTarget } from './table-target.ts';

/** The query of a model, with what only the run knows put in. @param form that of an increment, or that of all rows. */
export function querySql(
  node: ModelNode,
  form: 'full' | 'increment',
  state: Pick<NodeState, 'consumed'>,
  options: PlanOptions,
  names: Manifest,
): SqlText {
  const sql = (form === 'increment' ? incrementalSqlOf(node) : undefined) ?? node.fullSql;
  return sql.fill((hole) => {
    switch (hole.kind) {
      case 'run_started_at':
        return `timestamptz ${literal(options.runStartedAt)}`;
      case 'invocation_id':
        return options.runId ?? '';
      case 'high_water':
        return String(state.consumed.get(names.nodes.get(hole.id)?.name ?? '')?.loadId ?? 0);
      case 'batch_bound':
      case 'batch_filter':
        // Those of one batch are put in when it is planned.
        return undefined;
      case 'row_limit':
        return undefined;
      default:
        return hole satisfies never;
    }
  });
}

/** The rows of a node that one transaction builds: those of a seed's file, or those of a model's query. */
export type Rows =
  | {
      readonly kind: 'seed';
      readonly node: SeedNode;
      readonly file: SeedRows;
      readonly yields: readonly Column[];
    }
  | {
      readonly kind: 'model';
      readonly node: WholeModel;
      /** Its query, with the marks put in. */
      readonly sql: SqlText;
      /** The columns of the query, surrogate key first; only an increment whose SQL has not changed may go without. */
      readonly yields: readonly Column[] | undefined;
    };

/** Further input of a plan, besides a node and its state. */
export interface PlanInput {
  /** ISO time of the run, for what says since when it holds. */
  readonly at: string;
  /** The dependent views that are dropped and recreated, because PostgreSQL does not allow the change under them. */
  readonly views: readonly DependentView[];
  /** What is restored if another relation replaces the existing one. */
  readonly preserved: Preserved;
}

/**
 * The statements that build a node. Pure: everything that it needs of the database is in `rows` and `state`.
 * @throws NodeError if the columns break the node's contract.
 */
export function plan(rows: Rows, decision: Decision, state: NodeState, input: PlanInput): Step[] {
  if (decision.mode === 'skip') return [];
  const { node, yields } = rows;
  const columns = yields ?? state.existing?.columns ?? [];
  if (yields !== undefined) checkContract(node, yields);
  checkNamed(node, node.materialized === 'snapshot' ? [...columns, ...addedColumns(node.snapshot)] : columns);
  if (rows.kind === 'seed')
    return planTable(rows.node, decision, state, { ...rows.file, kind: 'copy' }, columns, input);
  return planModel(rows.node, decision, state, rows.sql, columns, input);
}

function planModel(
  node: WholeModel,
  decision: Decision,
  state: NodeState,
  sql: SqlText,
  columns: readonly Column[],
  input: PlanInput,
): Step[] {
  switch (node.materialized) {
    case 'ephemeral':
      return [];
    case 'view':
      return recreateViews(input.views, createView(node.relation, sql, state.existing, input.preserved, columns));
    case 'materialized_view':
      return planMaterializedView(node, decision, state, sql, columns, input);
    case 'snapshot':
      return planSnapshot(node, decision, state, sql, columns, input);
    case 'table':
    case 'incremental':
      return planTable(node, decision, state, { kind: 'query', sql }, columns, input);
    default:
      return node satisfies never;
  }
}

function planMaterializedView(
  node: MaterializedViewNode,
  decision: Decision,
  state: NodeState,
  sql: SqlText,
  columns: readonly Column[],
  input: PlanInput,
): Step[] {
  const target = tableTarget(node, state.access);
  const { existing } = state;
  if (existing === undefined) return createMaterializedView(target, sql, columns, undefined);
  if (decision.mode === 'refresh')
    return refreshMaterializedView(target, sql, existing, state.recorded?.created ?? nothingCreated);
  return replaceRelation(target, { ...replacement(node, columns, input), kind: 'materialized view', existing }, (now) =>
    createMaterializedView(now, sql, columns, existing),
  );
}

function planSnapshot(
  node: SnapshotNode,
  decision: Decision,
  state: NodeState,
  sql: SqlText,
  columns: readonly Column[],
  input: PlanInput,
): Step[] {
  const target = { ...tableTarget(node, state.access), isPublished: state.existing?.published };
  if (decision.mode === 'snapshot') {
    const created = state.recorded?.created ?? nothingCreated;
    return updateSnapshot(snapshotOf(target, node.snapshot), sql, decision.existing, columns, created, input.at);
  }
  const create = (now: TableTarget) => createSnapshot(snapshotOf(now, node.snapshot), sql, columns, input.at);
  const { existing } = state;
  if (existing === undefined) return create(target);
  const all = [...columns, ...addedColumns(node.snapshot)];
  return replaceRelation(target, { ...replacement(node, all, input), kind: 'table', existing }, create);
}

function planTable(
  node: SeedNode | TableNode | IncrementalNode,
  decision: Decision,
  state: NodeState,
  source: RowSource,
  columns: readonly Column[],
  input: PlanInput,
): Step[] {
  const target = { ...tableTarget(node, state.access), isPublished: state.existing?.published };
  checkPartitionColumn(node, state.existing, columns);
  if (!('existing' in decision)) {
    const { existing } = state;
    if (existing === undefined) return createTable(target, source, columns);
    return replaceRelation(target, { ...replacement(node, columns, input), kind: 'table', existing }, (now) =>
      createTable(now, source, columns),
    );
  }
  const created = state.recorded?.created ?? nothingCreated;
  const { existing } = decision;
  if (movedBecause(node, decision, state, columns) === undefined)
    return changeRows(node, target, decision, state, created, source, columns, input.views);
  // The columns that come back with the grants on them.
  const drops = decision.mode === 'replace' || node.config.on_schema_change === 'sync_all_columns';
  const stay = existing.columns.filter(({ name }) => !drops || columns.some((column) => column.name === name));
  const kept = { ...created, partitioning: null };
  const replacing = { columns: stay.map(({ name }) => name), preserved: input.preserved, views: input.views };
  if (decision.mode === 'replace') {
    const next = { before: stageAnew(target, source, existing, columns), like: staged, columns };
    const how = { keepFrom: keepFrom(node, state, columns), views: [] };
    return repartition(
      target,
      // Of rows that cannot be cast none is taken over: the query yields all of them.
      state.convertible === false ? { ...existing, populated: false } : existing,
      kept,
      replacing,
      (now, then) => replaceByStaged(now, then, columns, kept, how),
      next,
    );
  }
  return repartition(target, existing, kept, replacing, (now, then) =>
    changeRows(node, now, { ...decision, existing: then }, state, kept, source, columns, []),
  );
}

/** What is restored on the relation that replaces another. */
function replacement(node: BuiltNode, columns: readonly Column[], { views, preserved }: PlanInput) {
  return { columns: columns.map(({ name }) => name), objects: objectNames(structureOf(node)), views, preserved };
}

/** Brings the rows of an existing table up to date, and aligns everything else that is declared. */
function changeRows(
  node: SeedNode | TableNode | IncrementalNode,
  target: TableTarget,
  { mode, existing }: Change,
  state: NodeState,
  created: Created,
  source: RowSource,
  columns: readonly Column[],
  views: readonly DependentView[],
): Step[] {
  if (mode !== 'increment' || node.materialized !== 'incremental' || source.kind !== 'query')
    return replaceRows(target, source, existing, columns, created, { keepFrom: keepFrom(node, state, columns), views });
  const { name, settings } = node;
  const table = { name, settings, relation: placeOf(target) };
  const change = changeSchema(table, node.config.on_schema_change, existing, columns);
  // First, since the owner sees what is there through it.
  const prepare = [...secure(target, existing), ...dropObsolete(target, existing, created)];
  return [
    ...(change.steps.length === 0 ? prepare : recreateViews(views, [...prepare, ...change.steps])),
    ...addMissing(target, existing, created),
    ...addRows(target, node.strategy, source.sql, change.columns),
  ];
}

/** The condition for the rows that a rebuild is about; undefined: all. */
function keepFrom(node: BuiltNode, state: NodeState, columns: readonly Column[]): KeepFrom | undefined {
  const kept = keptOf(node, state.expired);
  const type = columns.find(({ name }) => name === kept?.column)?.type;
  if (kept === undefined || type === undefined) return undefined;
  const bound = dayLiteral(type, kept.before);
  if (bound !== undefined && (node.config.unique_key ?? []).length > 0) return { column: kept.column, bound };
  throw new NodeError({
    what: `${node.name} would be rebuilt, but rows of ${[...state.expired.keys()].join(', ')} that it is made of have been deleted, and nothing says which of its own rows came from them`,
    place: settingPlace(node.settings, 'event_time'),
    hint: `Nothing was touched. Give it a unique_key and an event_time of type ${eventTimeTypes.join(', ')}, so that older rows are kept as they are.`,
  });
}
