import type { Config } from './config.ts';
import type { Place } from './place.ts';
import type { SettingPlaces } from './setting-places.ts';
import type { SqlText } from './sql-text.ts';

/** A schema-qualified name in the database, not quoted. */
export interface RelationName {
  readonly schema: string;
  readonly name: string;
}

export interface ColumnSpec {
  readonly name: string;
  readonly description: string;
  /** As the user wrote it; undefined when not declared. */
  readonly dataType: string | undefined;
  /** Where the column and its type are declared. */
  readonly place: Place;
  readonly typePlace: Place;
}

/** A constraint the database is to hold, and where it is declared. `columns` is never empty except for `check`. */
export type Constraint = { readonly place: Place } & (
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

interface NodeBase {
  /** `model.dim_room`, `seed.rooms`, `test.unique_dim_room_room_key`, `source.staging.sensor_file`. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** The file it is written in, relative to the project root. */
  readonly file: string;
  readonly tags: readonly string[];
  /** Ids of what must be there first: refs, sources, and targets of foreign keys. */
  readonly dependsOn: readonly string[];
}

interface Relational {
  readonly config: Config;
  readonly settings: SettingPlaces;
  readonly relation: RelationName;
  readonly columns: readonly ColumnSpec[];
  readonly constraints: readonly Constraint[];
  /** Ids whose content this one's rows are made of: refs and sources, ephemeral ones replaced by theirs. */
  readonly reads: readonly string[];
  /** Changes whenever the SQL or a setting that shapes the rows changes. */
  readonly checksum: string;
}

export interface ModelNode extends NodeBase, Relational {
  readonly kind: 'model';
  readonly materialized: 'view' | 'table' | 'incremental' | 'ephemeral';
  /** The whole model, with placeholders for what only the run knows. */
  readonly fullSql: SqlText;
  /** What an incremental run selects; undefined for other materialisations. */
  readonly incrementalSql: SqlText | undefined;
  /** Ids of the upstreams whose high-water marks the incremental SQL uses. */
  readonly highWater: readonly string[];
  /** True when the rows depend on the time of the run, so that "nothing new upstream" does not mean "nothing to do". */
  readonly volatile: boolean;
}

export interface SeedNode extends NodeBase, Relational {
  readonly kind: 'seed';
}

export interface SourceNode extends NodeBase {
  readonly kind: 'source';
  readonly relation: RelationName;
  readonly columns: readonly ColumnSpec[];
}

/** A test is a query that returns the bad rows. */
export interface TestNode extends NodeBase {
  readonly kind: 'test';
  readonly sql: SqlText;
  readonly severity: 'error' | 'warn';
  /** A database constraint that, where it exists, makes bad rows impossible. */
  readonly provenBy: Proof | undefined;
  readonly place: Place;
}

export type Proof =
  | { readonly type: 'not_null'; readonly relation: RelationName; readonly column: string }
  | { readonly type: 'unique'; readonly relation: RelationName; readonly columns: readonly string[] }
  | {
      readonly type: 'foreign_key';
      readonly relation: RelationName;
      readonly columns: readonly string[];
      readonly to: RelationName;
      readonly toColumns: readonly string[];
    };

export type Node = ModelNode | SeedNode | SourceNode | TestNode;

/** The compiled project. */
export interface Manifest {
  readonly nodes: ReadonlyMap<string, Node>;
  /** Ids in dependency order, ties by name, so that every run and every listing has the same order. */
  readonly order: readonly string[];
}
