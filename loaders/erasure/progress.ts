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
