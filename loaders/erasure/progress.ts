import type { Apartment } from '../landing/apartment.ts';
import type { Subject } from '../tombstones/rule.ts';

/** How far an erasure is in one of its parts. */
export interface ErasureProgress {
  readonly part: 'sensor files in Bronze' | 'registry in Bronze';
  /** Files deleted or looked through so far. */
  readonly files: number;
  readonly total: number;
}

/** What every part of an erasure is told. */
export interface ErasureControl {
  /** Throws to stop; what was done before stays done. */
  readonly checkpoint: () => void;
  readonly onProgress: (progress: ErasureProgress) => void;
}

export interface Erasing {
  readonly bronzeRoot: string;
  readonly subject: Subject;
  /** All that are configured: a building of `JimmyLoup` is not Jimmy's. */
  readonly apartments?: readonly Apartment[] | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ErasureProgress) => void) | undefined;
}
