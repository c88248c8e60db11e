// What materializations share. Each function takes values and returns steps; no function here takes a connection.
//
// A step is one SQL statement and what its result means: a count of rows, a guard that must return none, a COPY. The other files
// write the steps of one subject each: keys (key-guard, surrogate-key), constraints and indexes (structure), partitions
// (partitions, partition-guards, partition-access, repartition), privileges and policies (grants, row-security), comments, and
// relations that are replaced (replace-relation, recreate-views).
//
// build/transaction/run-steps.ts executes steps; what a guard returns becomes an error at the setting that it is about.
import type { ErrorParts, StatementError } from '../../../warehouse/errors.ts';
import type { Row } from '../../../warehouse/warehouse.ts';
import { type SettingPlaces, settingPlace } from '../../project/setting-places.ts';
import { NodeError } from '../../text/errors.ts';
import { SqlText } from '../../text/sql-text.ts';

/** What a statement's row count means for the report. */
export type Counts = 'inserted' | 'updated' | 'deleted';

/** One statement of a plan. */
export type Step =
  /** Runs it; `counts` says what its row count is, `explain` what PostgreSQL's error means, if it can. */
  | {
      readonly kind: 'run';
      readonly sql: SqlText;
      readonly counts?: Counts | undefined;
      readonly explain?: Explain | undefined;
    }
  /** Returns one row of counts: `inserted`, `updated` and, where rows may go, `deleted`. */
  | { readonly kind: 'upsert'; readonly sql: SqlText }
  /** Refreshes the materialized view `relation`; where its rows turn out not to be unique, `otherwise` says which. */
  | {
      readonly kind: 'refresh';
      readonly sql: SqlText;
      /** Quoted. */
      readonly relation: string;
      readonly otherwise: readonly Step[];
    }
  /** Must return no row, for the sake of a setting; if it does, `complaint` makes the error of the first rows. */
  | {
      readonly kind: 'guard';
      readonly sql: SqlText;
      readonly setting: 'unique_key' | 'updated_at' | 'event_time' | 'partition_by' | 'on_schema_change';
      readonly complaint: (rows: readonly Row[]) => ErrorParts;
    }
  /** Returns one row `retained`: rows that should be deleted but are still referenced by others. */
  | { readonly kind: 'retained'; readonly sql: SqlText }
  /** A COPY of a seed's file. */
  | {
      readonly kind: 'copy';
      readonly sql: SqlText;
      readonly csv: string;
      readonly explain?: Explain | undefined;
    };

/** What an error of PostgreSQL means in the user's terms; undefined if its own message says so. */
export type Explain = (error: StatementError) => ErrorParts | undefined;

/** The temporary table of staged rows; it is dropped at the end of the transaction. */
export const staged = 'pg_temp."datacycle_new"';

export function run(...pieces: readonly (string | SqlText)[]): Step {
  return { kind: 'run', sql: SqlText.join(...pieces) };
}

export function counted(counts: Counts, ...pieces: readonly (string | SqlText)[]): Step {
  return { kind: 'run', sql: SqlText.join(...pieces), counts };
}

/** The error of a guard that returned rows, at the setting that they break. */
export function refusal(
  { setting, complaint }: Extract<Step, { kind: 'guard' }>,
  rows: readonly Row[],
  settings: SettingPlaces,
): NodeError {
  return new NodeError({ ...complaint(rows), place: settingPlace(settings, setting) });
}
