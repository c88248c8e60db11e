import type { Apartment } from '../landing/apartment.ts';
import type { Subject } from '../tombstones/rule.ts';

/** How far an erasure is in one of its parts. */
export interface ErasureProgress {
  readonly part: 'sensor files in Bronze' | 'registry in Bronze';
  /** Files deleted or looked through so far. */
  readonly files: number;
}

/** Whose data are found, exported or erased, and where. */
export interface SubjectRequest {
  readonly bronzeRoot: string;
  readonly subject: Subject;
  /** All that are configured: a building of `JimmyLoup` is not Jimmy's. */
  readonly apartments?: readonly Apartment[] | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ErasureProgress) => void) | undefined;
}

/** Rows by table of schema `staging`. */
export type RowCounts = Readonly<Record<string, number>>;

/** How much of a subject the loaders hold, or exported, or erased. */
export interface LandedCounts {
  readonly rows: RowCounts;
  /** Sensor files in Bronze. */
  readonly bronzeFiles: number;
  /** Rows in the registry's snapshots in Bronze. */
  readonly snapshotRows: number;
}
