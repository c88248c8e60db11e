/** What can be loaded, as it is named in staging.load, staging.file and on the command line. */
export const sourceNames = ['sensors', 'weather', 'registry', 'stream'] as const;
export type SourceName = (typeof sourceNames)[number];

/**
 * `new`: what should come next (sensors: the names after the newest file, or a full listing as long as none was
 * completed); `full`: everything at the source that the ledger does not know; `from-bronze`: everything in Bronze that
 * has no rows in staging.
 */
export type LoadMode = 'new' | 'full' | 'from-bronze';

export interface LoadProgress {
  readonly phase: 'listing' | 'landing';
  /** Files seen (listing) or dealt with (landing) so far. */
  readonly files: number;
  /** How many there will be; unknown while listing. */
  readonly total: number | undefined;
  readonly bytes: number;
}

/** A file (or table) and what there is to say about it. */
export interface Note {
  readonly name: string;
  readonly reason: string;
}

/** How many, and the first 20 of them. */
export interface Notes {
  readonly count: number;
  readonly first: readonly Note[];
}

/** What one load did. */
export interface LoadSummary {
  readonly source: SourceName;
  /** How the files were found. */
  readonly listed: 'predicted' | 'listing' | 'bronze' | 'offsets';
  /** Files (registry: tables; stream: messages) whose rows are in staging now. */
  readonly landed: number;
  /** Recorded in the ledger, kept in Bronze. Loading from Bronze counts those whose verdict stays the same, too. */
  readonly rejected: Notes;
  /** Could not be read this time (no permission, in use, a folder, missing, growing); not recorded, so a later listing tries again. */
  readonly skipped: Notes;
  /** Those of the skipped that a person should look at: neither folders nor files that are still being written. Undefined: not looked for. */
  readonly unread?: Notes | undefined;
  /** Files (registry: rows) of erased apartments, left alone without a trace: the source still has them (docs/subjects.md). */
  readonly ignored: number;
  /** What a person should look at although the load continued: a missing table or column, a file that changed after it was landed. */
  readonly warnings: Notes;
  /** The load_ids committed, in order. */
  readonly loads: readonly number[];
  /** Size of the source files read. */
  readonly bytes: number;
}

/** A file that would be rejected may be half a file for so long after its last change, in milliseconds. */
export const settleMs = 60_000;

/** Options of every loader. */
export interface LoadOptions {
  readonly mode: LoadMode;
  /**
   * From Bronze: this file alone, by its name in the ledger, which judges it again; of the registry the snapshot that it is part of. The
   * stream has no files that are judged one by one.
   */
  readonly file?: string | undefined;
  /** Stops the load between two files. */
  readonly signal?: AbortSignal | undefined;
  readonly clock: () => Date;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  /**
   * How often a source that cannot be reached is tried before the load fails; 1 for a caller that comes back by itself.
   * Undefined: as the settings of the source say. Loaders that never wait for their source ignore it.
   */
  readonly attempts?: number | undefined;
  /**
   * For this many milliseconds after its last change, by `clock`, a file that would be rejected counts as still being written;
   * default 0. Loaders that recognise incomplete files in another way ignore it.
   */
  readonly settleMs?: number | undefined;
  /** Goes on behind messages that the broker no longer has, rather than fail. Only for the stream. */
  readonly skipLost?: boolean | undefined;
  /** Called with a notice for a person during the load: an attempt that failed, and when the next one is. Without secrets. */
  readonly onNotice?: ((text: string) => void) | undefined;
}

/** Collects notes, keeping only the first 20: there may be hundreds of thousands. */
export class NoteCollector implements Notes {
  count = 0;
  readonly first: Note[] = [];

  add(notes: readonly Note[]): void {
    this.count += notes.length;
    this.first.push(...notes.slice(0, 20 - this.first.length));
  }
}
