// A compiled project. Values only: nothing here compiles, plans or queries.
//
//   manifest.ts                          nodes, a union by kind and materialization: a node has only the settings it can have
//   test-node.ts, unit-test-node.ts      what every node has, what a data test has, and the rows of a unit test
//   exposure-node.ts                     what is made of models outside of the project: reports, files; and groups of models
//   manifest-index.ts                    audits of a node, the model of a relation, and other questions asked for each node
//   graph.ts, lineage.ts                 dependencies and their order; the sources and tables behind a node, through views
//   column-type.ts, partition-names.ts   how types and partitions are named
//   snapshot-settings.ts, api.ts         how a snapshot notices changes, and what it adds; how a model is read over HTTP
//   digest.ts                            a short text that changes with a value, for checksums and versions
//   placeholders.ts                      the marks that compiled SQL keeps for what only a run knows
import type { RelationName } from '../../warehouse/quote.ts';
import type { accesses, batchSizes, Config, strategies } from '../project/config.ts';
import type { SettingPlaces } from '../project/setting-places.ts';
import type { Place } from '../text/place.ts';
import type { SqlText } from '../text/sql-text.ts';
import type { ApiSettings } from './api.ts';
import type { AnalysisNode, ExposureNode, Group } from './exposure-node.ts';
import type { SnapshotSettings } from './snapshot-settings.ts';
import type { NodeBase, TestNode } from './test-node.ts';
import type { UnitTestRun } from './unit-test-node.ts';

export interface ColumnSpec {
  readonly name: string;
  readonly description: string;
  /** As the user wrote it; undefined when not declared. `label`: what people call it, in English. */
  readonly dataType: string | undefined;
  readonly label?: string | undefined;
  /** As PostgreSQL spells it; absent where the database has not been asked. */
  readonly type?: string | undefined;
  /** Where the column and its type are declared; undefined for one that no .yml declares. */
  readonly place?: Place | undefined;
  readonly typePlace?: Place | undefined;
}

/** A constraint that the database enforces, and its place. `columns` is never empty except for `check`. */
export type Constraint = { readonly place: Place | undefined } & (
  | { readonly type: 'not_null'; readonly columns: readonly string[] }
  | { readonly type: 'primary_key' | 'unique'; readonly columns: readonly string[]; readonly name?: string | undefined }
  | { readonly type: 'check'; readonly expression: SqlText; readonly name?: string | undefined }
  | {
      readonly type: 'foreign_key';
      readonly columns: readonly string[];
      readonly to: RelationName;
      readonly toId: string;
      readonly toColumns: readonly string[];
      readonly name?: string | undefined;
    }
);

/**
 * Whose the rows of a table are: a row is the subject's if its `column` is the subject's id or, with `of` (the id of a node), has a
 * value that the subject's rows of that node have in the same column. `nobody`: no row is a subject's. A row that this assigns to
 * nobody is the subject's if a column of `knownBy` has a value of the list beside it.
 */
export type SubjectOf =
  | 'nobody'
  | {
      readonly column: string;
      readonly of: string | undefined;
      readonly knownBy?: Readonly<Record<string, string>> | undefined;
    };

/** SQL that runs before or after a model or seed, every time it is built or found to be as it should be. */
export interface Hook {
  /** For messages: `pre_hook`, `post_hook 2 of 3`. */
  readonly name: string;
  readonly when: 'pre' | 'post';
  /** False: it runs by itself, before the transaction begins or after it has committed. */
  readonly inTransaction: boolean;
  readonly place: Place | undefined;
  /** Its SQL for each form of the model; empty if it does nothing there. */
  readonly full: SqlText;
  readonly incremental: SqlText;
}

interface Relational {
  /** The .yml that describes it, relative to the project root. */
  readonly describedIn?: string | undefined;
  readonly config: Config;
  readonly settings: SettingPlaces;
  readonly relation: RelationName;
  readonly columns: readonly ColumnSpec[];
  readonly constraints: readonly Constraint[];
  /** Ids of the upstreams of its rows: refs and sources; an ephemeral model is replaced by its own upstreams. */
  readonly reads: readonly string[];
  /** Undefined where it is not said, as for every view. */
  readonly subject: SubjectOf | undefined;
  readonly api?: ApiSettings | undefined;
  readonly hooks?: readonly Hook[] | undefined;
  /** Ids that must be built first for the hooks only; they are no upstreams of the rows. */
  readonly hooksRead?: readonly string[] | undefined;
  /** Changes whenever the SQL or a setting that shapes the rows changes. */
  readonly checksum: string;
}

/** What every model has, however it is materialized. */
interface ModelBase extends NodeBase, Relational {
  readonly kind: 'model';
  /** Who may refer to it: private is for its group alone. */
  readonly access: (typeof accesses)[number];
  /** The whole model, with placeholders for what only the run knows. */
  readonly fullSql: SqlText;
  /** True when the rows depend on the time of the run, so that "nothing new upstream" does not mean "nothing to do". */
  readonly volatile: boolean;
}

/** What a table of its own may have. */
interface TableSettings {
  readonly rowSecurity: RowSecurity | undefined;
  readonly partitionBy: PartitionBy | undefined;
}

export interface ViewNode extends ModelBase {
  readonly materialized: 'view';
  /** For a view that is generated from a model's .yml: the id of that model. */
  readonly shows: string | undefined;
}

/** Inlined into the models that read it; it has no relation. */
export interface EphemeralNode extends ModelBase {
  readonly materialized: 'ephemeral';
}

/** Rebuilt as a whole whenever what it reads has other rows. */
export interface TableNode extends ModelBase, TableSettings {
  readonly materialized: 'table';
}

/** A table to which a run adds, or updates, the rows of the incremental SQL. */
export interface IncrementalNode extends ModelBase, TableSettings {
  readonly materialized: 'incremental';
  readonly strategy: IncrementalStrategy;
  /** What an incremental run selects. */
  readonly incrementalSql: SqlText;
  /** Ids of the upstreams whose high-water marks the incremental SQL uses. */
  readonly highWater: readonly string[];
}

/** A table that is built batch by batch, each by the same SQL. */
export interface MicrobatchNode extends ModelBase, TableSettings {
  readonly materialized: 'incremental';
  readonly strategy: 'microbatch';
  readonly batch: BatchSettings;
}

/** A table of the versions that the rows of a query have had. */
export interface SnapshotNode extends ModelBase {
  readonly materialized: 'snapshot';
  readonly snapshot: SnapshotSettings;
  readonly rowSecurity: RowSecurity | undefined;
}

export interface MaterializedViewNode extends ModelBase {
  readonly materialized: 'materialized_view';
}

/** A table that is loaded from a CSV file of the project. */
export interface SeedNode extends NodeBase, Relational {
  readonly kind: 'seed';
  readonly materialized: 'seed';
}

export type ModelNode =
  | ViewNode
  | EphemeralNode
  | TableNode
  | IncrementalNode
  | MicrobatchNode
  | SnapshotNode
  | MaterializedViewNode;

/** What a build works on. */
export type BuiltNode = ModelNode | SeedNode;

/** A model that one transaction builds as a whole. */
export type WholeModel = Exclude<ModelNode, MicrobatchNode>;

/** After how long the rows of a source are too old; `filter` is a condition for the rows that are looked at. */
export interface SourceFreshness {
  readonly warn_after?: Age | null | undefined;
  readonly error_after?: Age | null | undefined;
  readonly filter?: string | null | undefined;
}

export interface Age {
  readonly count: number;
  readonly period: 'minute' | 'hour' | 'day';
}

export interface SourceNode extends NodeBase {
  readonly kind: 'source';
  readonly materialized?: undefined;
  readonly relation: RelationName;
  readonly columns: readonly ColumnSpec[];
  /** Of the source as a whole; `description` is the table's. */
  readonly sourceDescription?: string | undefined;
  /** What fills it, in words. */
  readonly loader?: string | undefined;
  readonly meta?: Readonly<Record<string, unknown>> | undefined;
  /** The column that says when a row came in, or a query that says when the newest one did. */
  readonly loadedAtField?: string | undefined;
  readonly loadedAtQuery?: string | undefined;
  readonly freshness?: SourceFreshness | undefined;
  /** The column that says when what a row tells of happened, where that is said. */
  readonly eventTime: string | undefined;
  /** A query that yields something else whenever its rows have changed, where there is one. */
  readonly rowsVersion: SqlText | undefined;
  readonly place: Place;
  /** Whose its rows are. */
  readonly isPersonal: boolean;
}

/** A test of a model's SQL on rows that are written down beside what they have to become. */
export interface UnitTestNode extends NodeBase {
  readonly kind: 'unit_test';
  readonly materialized?: undefined;
  /** The id of the model. */
  readonly of: string;
  /** The model with the overrides of the test, reading relations of schema `datacycle_unit`. */
  readonly model: ModelNode;
  /** Ids of what it reads, and the names of their relations there. */
  readonly inputs: Readonly<Record<string, string>>;
  /**
   * `query`: what the model's SQL yields, in its full or its incremental form, is compared once. `table`: the model is built by each
   * run, and its table is compared after each that expects something.
   */
  readonly compares: 'query' | 'table';
  readonly form: 'full' | 'increment';
  readonly runs: readonly UnitTestRun[];
  readonly meta: Readonly<Record<string, unknown>>;
  /** Changes whenever its outcome might. */
  readonly checksum: string;
  /** Changes whenever the test itself asks for something else, whatever its model is. */
  readonly definition: string;
  readonly place: Place;
}

export type Node = BuiltNode | SourceNode | TestNode | UnitTestNode | ExposureNode | AnalysisNode;

/** What a run may have something to do for. */
export function isWork(node: Node | undefined): node is BuiltNode | TestNode | UnitTestNode {
  return isBuilt(node) || node?.kind === 'test' || node?.kind === 'unit_test';
}

/** What has a relation in the database: models, seeds and sources. */
export function hasRelation(node: Node | undefined): node is BuiltNode | SourceNode {
  return isBuilt(node) || node?.kind === 'source';
}

/** Models and seeds. */
export function isBuilt(node: Node | undefined): node is BuiltNode {
  return node?.kind === 'model' || node?.kind === 'seed';
}

export function isMicrobatch(node: Node | undefined): node is MicrobatchNode {
  return node?.kind === 'model' && node.materialized === 'incremental' && node.strategy === 'microbatch';
}

/** The incremental SQL of a model; undefined if it has none, or if it is the same as the full SQL. */
export function incrementalSqlOf(node: BuiltNode): SqlText | undefined {
  return node.materialized === 'incremental' && node.strategy !== 'microbatch' ? node.incrementalSql : undefined;
}

/** Ids of the upstreams that a node follows by high-water mark. */
export function followedByMark(node: BuiltNode): readonly string[] {
  return node.materialized === 'incremental' && node.strategy !== 'microbatch' ? node.highWater : [];
}

/** How a node's table is partitioned; undefined for one that is not, or that cannot be. */
export function partitioningOf(node: BuiltNode): PartitionBy | undefined {
  return node.materialized === 'table' || node.materialized === 'incremental' ? node.partitionBy : undefined;
}

export function rowSecurityOf(node: BuiltNode): RowSecurity | undefined {
  switch (node.materialized) {
    case 'table':
    case 'incremental':
    case 'snapshot':
      return node.rowSecurity;
    case 'view':
    case 'ephemeral':
    case 'materialized_view':
    case 'seed':
      return undefined;
    default:
      return node satisfies never;
  }
}

/** Which rows of a table a role may see: those whose `column` the model `access` has beside a role it belongs to. */
export interface RowSecurity {
  readonly column: string;
  /** The type of the column, as PostgreSQL spells it. */
  readonly type: string;
  /** The name of the model `access`, and of the function made of it. */
  readonly name: string;
  readonly access: RelationName;
}

/** How a table is cut into range partitions: one for each month or day that has rows. */
export interface PartitionBy {
  /** Of type date, timestamp or timestamptz. */
  readonly column: string;
  readonly granularity: 'month' | 'day';
  /** Where a month or day begins, for a timestamptz. */
  readonly timeZone: string;
}

/** The compiled project. */
export interface Manifest {
  readonly nodes: ReadonlyMap<string, Node>;
  /** Ids in dependency order, ties by name, so that every run and every listing has the same order. */
  readonly order: readonly string[];
  readonly index: ManifestIndex;
  /** By their names. */
  readonly groups: ReadonlyMap<string, Group>;
}

/** What is looked up while a node is built, so that no lookup scans all nodes. */
export interface ManifestIndex {
  /** The models, ephemeral ones too, and seeds by the quoted name of their relation. */
  readonly atRelation: ReadonlyMap<string, readonly BuiltNode[]>;
  /** The audits of models and seeds by their ids; those of one in the order of their names. */
  readonly audits: ReadonlyMap<string, readonly TestNode[]>;
  /** The names of the models and seeds that others, or data tests, follow by high-water mark, also through views. */
  readonly followed: ReadonlySet<string>;
  /** Those with row security by the name of the model that says who sees what. */
  readonly guardedBy: ReadonlyMap<string, readonly BuiltNode[]>;
}

export type BatchSize = (typeof batchSizes)[number];

/** How a model with incremental_strategy microbatch is cut into batches of time. */
export interface BatchSettings {
  /** The column of its rows that says to which batch they belong. */
  readonly eventTime: string;
  readonly size: BatchSize;
  /** The time zone in which hours, days and months begin, e.g. `Europe/Zurich`. */
  readonly timeZone: string;
  /** ISO date or time; without an offset it is one of that zone. The first batch is the one it lies in. */
  readonly begin: string;
  /** How many of the newest finished batches are built again by every run. */
  readonly lookback: number;
  /** Ids of the microbatch models of which it reads the rows of its batch only: what changed of them is known by batch. */
  readonly follows: readonly string[];
}

/** How the rows of an increment meet those that are there. */
export type IncrementalStrategy = Exclude<(typeof strategies)[number], 'microbatch'>;
