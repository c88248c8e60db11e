import type { RelationName } from '../../warehouse/quote.ts';
import type { Config } from '../project/config.ts';
import type { Place } from '../text/place.ts';
import type { SqlText } from '../text/sql-text.ts';

/** What every node has. */
export interface NodeBase {
  /** `model.dim_room`, `seed.rooms`, `test.unique_dim_room_room_key`, `source.staging.sensor_file`. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** The file it is written in, relative to the project root. */
  readonly file: string;
  readonly tags: readonly string[];
  /** Ids of what must be there first: refs, sources, and targets of foreign keys. */
  readonly dependsOn: readonly string[];
  /** The group that it belongs to. */
  readonly group?: string | undefined;
}

/** A test is a query that returns the bad rows. */
export interface TestNode extends NodeBase {
  readonly kind: 'test';
  /** Of a generic test, which it is: not_null, unique, accepted_values, relationships, ... */
  readonly generic: string | undefined;
  /** The name that dbt would give it, where it is another. */
  readonly dbtName?: string | undefined;
  /** The column that a generic test is about. */
  readonly column?: string | undefined;
  /** What else a generic test was given, as it is written. */
  readonly arguments?: Readonly<Record<string, unknown>> | undefined;
  readonly materialized?: undefined;
  readonly sql: SqlText;
  readonly severity: 'error' | 'warn';
  /** How its bad rows become a verdict, where it is not simply that there must be none. */
  readonly verdict?: Verdict | undefined;
  /** Where its bad rows are stored, if they are. */
  readonly stored?: Stored | undefined;
  /** What is set for it. */
  readonly config?: Config | undefined;
  readonly meta?: Readonly<Record<string, unknown>> | undefined;
  /** A constraint of the database that, if it exists, makes bad rows impossible. */
  readonly provenBy: Proof | undefined;
  readonly place: Place;
  /** Where the test is an audit: it runs on the rows of a model before they are committed. */
  readonly audit?: Audit | undefined;
  /** Where the outcome for a row depends on that row of one model alone, and the test is no audit. */
  readonly newRows?: NewRows | undefined;
  /** Of relationships: what has to have each value. Rows that it gains make no row bad. */
  readonly parent?: Parent | undefined;
  /** Where it fails because of any row of one relation that meets a condition, and passes otherwise. */
  readonly badRow?: BadRow | undefined;
  /** What it looks at once it has passed, where it says so by `{{#incremental}}`. */
  readonly incremental?: IncrementalTest | undefined;
}

/** An aggregate over the bad rows, and the conditions on it, as they follow it in SQL: `> 10`. */
export interface Verdict {
  readonly failCalc: string;
  readonly warnIf: string;
  readonly errorIf: string;
  /** At most so many bad rows are counted. */
  readonly limit: number | undefined;
}

export interface Stored {
  readonly relation: RelationName;
  /** `ephemeral`: not at all; undefined: as the run says. */
  readonly as: 'table' | 'view' | 'ephemeral' | undefined;
}

/** What tells a bad row by its columns, so that tests of one relation can read it together. */
export interface BadRow {
  /** The relation with its alias, as written after `from`. */
  readonly from: string;
  /** True of a bad row; it may use the alias. */
  readonly condition: SqlText;
}

/** The form of a test that looks at what has come since it passed last. */
export interface IncrementalTest {
  readonly sql: SqlText;
  /** Ids of the upstreams whose high-water marks it uses. */
  readonly highWater: readonly string[];
}

/** A test of single rows, with the bare name of the model's table where it reads the model. */
export interface NewRows {
  /** The id of the model. */
  readonly of: string;
  readonly sql: SqlText;
}

/** A column of a model, seed or source. */
export interface Parent {
  readonly id: string;
  readonly column: string;
}

export interface Audit {
  /** The id of the model or seed. */
  readonly of: string;
  /** The test with the bare name of the model's table where it reads the model; undefined if it looks at all rows. */
  readonly newRows: SqlText | undefined;
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
