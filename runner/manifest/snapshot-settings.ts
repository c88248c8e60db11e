import type { Config } from '../project/config.ts';

/** How a snapshot notices that a row changed, and what it makes of that. */
export interface SnapshotSettings {
  readonly strategy: SnapshotStrategy;
  readonly hardDeletes: NonNullable<Config['hard_deletes']>;
  /** The time until which a version is said to hold that still does, in place of NULL. */
  readonly validToCurrent?: string | undefined;
  /** The time zone in which an `updated_at` without one is meant. */
  readonly timeZone: string;
  readonly columns: SnapshotColumns;
}

export type SnapshotStrategy =
  | { readonly kind: 'timestamp'; readonly updatedAt: string }
  | { readonly kind: 'check'; readonly columns: 'all' | readonly string[] };

/** The columns that a snapshot adds, by what they say; named as in dbt unless snapshot_meta_column_names says otherwise. */
export interface SnapshotColumns {
  readonly validFrom: string;
  /** NULL: the row is what the source says now. */
  readonly validTo: string;
  /** Identifies a version of a row. */
  readonly id: string;
  /** The time that the source gave, or that of the run. */
  readonly updatedAt: string;
  /** Only with hard_deletes: new_record. */
  readonly isDeleted: string;
}
