import { literal, relation } from '../warehouse/quote.ts';
import type { Column, ExistingRelation } from './catalog.ts';
import { NodeError } from './errors.ts';
import { placeholders } from './helpers.ts';
import type { ColumnSpec, Manifest, ModelNode, SeedNode } from './manifest.ts';
import { restoreGrants } from './materialize/grants.ts';
import { addRows } from './materialize/incremental.ts';
import { remakeViews, type StandingView } from './materialize/remake-views.ts';
import { type Access, secureRows } from './materialize/row-security.ts';
import { changeSchema } from './materialize/schema-change.ts';
import { addedColumns, createSnapshot, snapshotOf, updateSnapshot } from './materialize/snapshot.ts';
import { run, type Step } from './materialize/step.ts';
import { addMissing, dropObsolete } from './materialize/structure.ts';
import { createTable, type KeepFrom, type RowSource, replaceRows, type TableTarget } from './materialize/table.ts';
import { createView } from './materialize/view.ts';
import { formatPlace, type Place } from './place.ts';
import { type Pruned, refuseToLose } from './pruned.ts';
import { dayLiteral, eventTimeTypes, keptOf, refuseToForget } from './retention.ts';
import type { SqlText } from './sql-text.ts';
import type { Consumed, ModelState } from './state.ts';

/** What the database says about a node and its upstreams, all from one snapshot. */
export interface NodeState {
  readonly existing: ExistingRelation | undefined;
  readonly remembered: ModelState | undefined;
  /** What the node consumed when it was last built, by upstream name. */
  readonly consumed: ReadonlyMap<string, Consumed>;
  /** What its upstreams are now, by upstream name. */
  readonly upstreams: ReadonlyMap<string, Consumed>;
  /** The sources its rows are made of that lack rows by now, by name. */
  readonly pruned: ReadonlyMap<string, Pruned>;
  /** The models it reads that lack old rows by now, by name: what happened before then is gone. */
  readonly expired: ReadonlyMap<string, Date>;
  /** Known where the node has row security. */
  readonly access: Access | undefined;
}

export interface PlanOptions {
  readonly fullRefresh: boolean;
  /** ISO time at which the run started. */
  readonly runStartedAt: string;
}

/** How a node will be built, and why. */
export type Decision =
  | { readonly mode: 'skip'; readonly reason: string }
  | { readonly mode: 'create' | 'replace' | 'increment' | 'view' | 'snapshot'; readonly reason: string };

/**
 * Decides from state alone how a node is built. Pure.
 * @throws NodeError if that would take rows that have been pruned, or that retention has deleted.
 */
export function decide(node: ModelNode | SeedNode, state: NodeState, options: PlanOptions): Decision {
  const decision = choose(node, state, options);
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
  if (existing.kind !== 'table') return { mode: 'create', reason: `was a ${existing.kind}` };
  // Its history is nowhere else, so nothing rebuilds it.
  if (materialized === 'snapshot') return { mode: 'snapshot', reason: 'snapshot' };
  if (materialized === 'table') return { mode: 'replace', reason: 'table' };

  const mayRebuild = node.config.full_refresh !== false;
  const reason = mayRebuild ? reasonToRebuild(node, state, options) : undefined;
  if (reason !== undefined) return { mode: 'replace', reason };
  if (node.kind === 'model' && !node.volatile && node.highWater.length > 0 && nothingNew(state)) {
    const target = tableTarget(node, state.access);
    const changes = restructure(target, existing, remembered?.objects ?? []).length;
    if (changes === 0) return { mode: 'skip', reason: 'nothing new' };
    const others = changes - secure(target, existing).length;
    return { mode: 'increment', reason: `its ${others === 0 ? 'row security' : 'constraints or indexes'} changed` };
  }
  return { mode: 'increment', reason: 'incremental' };
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

/** The query a decision needs, with what only the run knows put in. Undefined for a seed. */
export function querySql(
  node: ModelNode | SeedNode,
  decision: Decision,
  state: NodeState,
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

/**
 * The statements that build a node. Pure: everything it needs of the database is in `state` and `yields`.
 * @param yields the columns of the query (with the surrogate key) or of the seed file; only an increment whose SQL has
 * not changed may go without.
 * @param run ISO time of the run (`at`), for what says since when it holds; the views that show the node's columns, and go
 * and come back where columns change.
 * @throws NodeError if the columns break the node's contract.
 */
export function plan(
  node: ModelNode | SeedNode,
  decision: Decision,
  state: NodeState,
  source: RowSource,
  yields: readonly Column[] | undefined,
  { at, views }: { readonly at: string; readonly views: readonly StandingView[] },
): Step[] {
  if (decision.mode === 'skip') return [];
  const columns = yields ?? state.existing?.columns ?? [];
  if (node.config.contract?.enforced === true && yields !== undefined) checkContract(node, yields);
  const isSnapshot = node.kind === 'model' && node.materialized === 'snapshot';
  checkNamed(node, isSnapshot ? [...columns, ...addedColumns(node.config)] : columns);
  if (decision.mode === 'view') {
    if (source.kind !== 'query') throw new Error('a view is made of a query');
    return remakeViews(views, createView(node.relation, source.sql, state.existing, columns));
  }
  const target = tableTarget(node, state.access);
  const made = state.remembered?.objects ?? [];
  const snapshot = isSnapshot ? snapshotOf(target, node.config) : undefined;
  switch (decision.mode) {
    case 'snapshot':
      if (snapshot === undefined || state.existing === undefined || source.kind !== 'query')
        throw new Error('a snapshot is made of a query');
      return updateSnapshot(snapshot, source.sql, state.existing, columns, made, at);
    case 'create': {
      const drop = state.existing === undefined ? [] : dropView(node, state.existing);
      const create =
        snapshot !== undefined && source.kind === 'query'
          ? createSnapshot(snapshot, source.sql, columns, at)
          : createTable(target, source);
      const grants = restoreGrants(node.relation, state.existing?.grants ?? []);
      return remakeViews(views, [...drop, ...create, ...grants]);
    }
    case 'replace':
      if (state.existing === undefined) throw new Error('nothing to replace');
      return replaceRows(target, source, state.existing, columns, made, {
        keepFrom: keepFrom(node, state, columns),
        views,
      });
    case 'increment':
      if (source.kind !== 'query') throw new Error('an increment is made of a query');
      return increment(node, target, state, source.sql, columns, views);
    default:
      return decision.mode satisfies never;
  }
}

function increment(
  node: ModelNode | SeedNode,
  target: TableTarget,
  { existing, remembered }: NodeState,
  sql: SqlText,
  yields: readonly Column[],
  views: readonly StandingView[],
): Step[] {
  if (existing === undefined) throw new Error('nothing to add to');
  const made = remembered?.objects ?? [];
  const change = changeSchema(node, node.config.on_schema_change, existing, yields);
  return [
    // First, since the owner sees what is there through it.
    ...secure(target, existing),
    ...dropObsolete(target, existing, made),
    ...remakeViews(views, change.steps),
    ...addMissing(target, existing, made),
    ...addRows(target, node.config.incremental_strategy ?? 'merge', sql, change.columns),
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
    where: node.file,
    hint: `Nothing was touched. Give it a unique_key and an event_time of type ${eventTimeTypes.join(', ')}, so that older rows are kept as they are.`,
  });
}

/** Steps that give a standing table the row security, constraints and indexes that are declared now. */
function restructure(target: TableTarget, existing: ExistingRelation | undefined, made: readonly string[]): Step[] {
  return [
    ...secure(target, existing),
    ...(existing === undefined ? [] : dropObsolete(target, existing, made)),
    ...addMissing(target, existing, made),
  ];
}

function secure(target: TableTarget, existing: ExistingRelation | undefined): Step[] {
  return secureRows(target.relation, target.rowSecurity, target.access, existing);
}

export function tableTarget(node: ModelNode | SeedNode, access?: Access): TableTarget {
  const uniqueKey = node.config.unique_key ?? [];
  const surrogateKey = node.config.surrogate_key;
  return {
    model: node.name,
    relation: node.relation,
    uniqueKey,
    surrogateKey,
    auditColumns: node.config.audit_columns ?? [],
    constraints: node.constraints,
    indexes: node.config.indexes ?? [],
    key: surrogateKey === undefined ? undefined : { model: node.name, column: surrogateKey, uniqueKey },
    merge: {
      update: node.config.merge_update_columns,
      exclude: node.config.merge_exclude_columns ?? [],
      predicates: node.config.incremental_predicates ?? [],
    },
    rowSecurity: node.kind === 'model' ? node.rowSecurity : undefined,
    access,
  };
}

/** The constraints and indexes of a node's table. */
export function structureOf(node: ModelNode | SeedNode): TableTarget {
  const target = tableTarget(node);
  return node.kind === 'model' && node.materialized === 'snapshot' ? snapshotOf(target, node.config).target : target;
}

function dropView(node: ModelNode | SeedNode, existing: ExistingRelation): Step[] {
  if (existing.kind === 'view') return [run(`drop view ${relation(node.relation.schema, node.relation.name)}`)];
  throw new NodeError({
    what: `${node.relation.schema}.${node.relation.name} is neither a table nor a view, and datacycle did not make it`,
    hint: 'Rename or drop it, or give the model an alias.',
  });
}

/** Every key and index column must be among the columns of the query. */
function checkNamed(node: ModelNode | SeedNode, columns: readonly Column[]): void {
  const have = new Set(columns.map((column) => column.name));
  const named = [
    ...(node.config.unique_key ?? []).map((name) => ['unique_key', name] as const),
    ...(node.config.indexes ?? []).flatMap((index) =>
      [...(index.columns ?? []), ...(index.include ?? [])].map((name) => ['indexes', name] as const),
    ),
    ...[node.config.updated_at ?? []].flat().map((name) => ['updated_at', name] as const),
    ...[node.config.check_cols ?? []].flat().flatMap((name) => (name === 'all' ? [] : [['check_cols', name] as const])),
    ...(node.config.merge_update_columns ?? []).map((name) => ['merge_update_columns', name] as const),
    ...(node.config.merge_exclude_columns ?? []).map((name) => ['merge_exclude_columns', name] as const),
    ...node.constraints.flatMap((constraint) =>
      'columns' in constraint
        ? constraint.columns.map((name) => [constraint.type, name, constraint.place] as const)
        : [],
    ),
  ];
  const missing = named.filter(([, name]) => !have.has(name));
  if (missing.length === 0) return;
  throw new NodeError({
    what: `${node.name} has no column ${missing.map(([where, name]) => `"${name}" (named in ${where})`).join(', ')}`,
    where: placeOrFile(missing.find(([, , place]) => place !== undefined)?.[2], node),
    hint: `Its columns are ${[...have].join(', ')}.`,
  });
}

/** All differences between what a model's .yml promises and what its query yields, in one message. */
function checkContract(node: ModelNode | SeedNode, yields: readonly Column[]): void {
  const actual = new Map(yields.map((column) => [column.name, column.type]));
  const faults: { readonly text: string; readonly place?: Place | undefined }[] = [];
  for (const { name, dataType, place } of node.columns) {
    const type = actual.get(name);
    if (type === undefined) faults.push({ text: `${name}: declared, but not selected`, place });
    else if (dataType === undefined)
      faults.push({ text: `${name}: has no data_type; the query yields ${type}`, place });
    else if (normalType(dataType) !== type)
      faults.push({ text: `${name}: declared ${dataType}, but the query yields ${type}`, place });
    actual.delete(name);
  }
  for (const [name, type] of actual) faults.push({ text: `${name}: selected (${type}), but not declared` });
  if (faults.length === 0) return;
  throw new NodeError({
    what: `${node.name} breaks its contract:\n${faults.map(({ text }) => `  ${text}`).join('\n')}`,
    where: placeOrFile(faults[0]?.place, node),
    hint: 'Change the query or the columns in its .yml file so that they agree.',
  });
}

function placeOrFile(place: Place | undefined, node: ModelNode | SeedNode): string {
  return place === undefined ? node.file : formatPlace(place);
}

const typeAliases: Readonly<Record<string, string>> = {
  int: 'integer',
  int4: 'integer',
  int2: 'smallint',
  int8: 'bigint',
  float8: 'double precision',
  float: 'double precision',
  float4: 'real',
  bool: 'boolean',
  timestamptz: 'timestamp with time zone',
  timestamp: 'timestamp without time zone',
  timetz: 'time with time zone',
  time: 'time without time zone',
  decimal: 'numeric',
  string: 'text',
  varchar: 'character varying',
  char: 'character',
  varbit: 'bit varying',
};

/** Types that are one character long when nobody says how long. */
const oneByDefault: readonly string[] = ['character', 'bit'];

/** The name PostgreSQL prints for a type that somebody wrote, e.g. `int` -> `integer`. */
export function normalType(type: string): string {
  const text = type
    .trim()
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/ ?([(,]) ?/g, '$1')
    .replace(/ \)/g, ')');
  // A name, its length, what of the name follows the length (`with time zone`), and that it is an array.
  const parts = /^([a-z0-9_ ]+?)(\([^)]*\))?( [a-z ]+)?((?:\[\d*\])*)$/.exec(text);
  if (parts === null) return text;
  const [, base = '', length = '', rest = '', array = ''] = parts;
  const [, name = '', zone = ''] =
    /^(.*?)( with(?:out)? time zone)?$/.exec(rest === '' ? (typeAliases[base] ?? base) : base) ?? [];
  const size = length === '' && rest === '' && oneByDefault.includes(name) ? '(1)' : length;
  return `${name}${size}${zone}${rest}${array === '' ? '' : '[]'}`;
}

/** Columns of a seed as declared in its settings or its .yml. */
export function declaredTypes(node: SeedNode): ReadonlyMap<string, string> {
  const fromColumns = node.columns.flatMap((column: ColumnSpec) =>
    column.dataType === undefined ? [] : [[column.name, column.dataType] as const],
  );
  return new Map([...fromColumns, ...Object.entries(node.config.column_types ?? {})]);
}
