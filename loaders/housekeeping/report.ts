import type { Note, Notes, SourceName } from '../landing/summary.ts';

/** How much of one month, by the time of the files. */
export interface MonthShare {
  /** `2023-10`, UTC. */
  readonly month: string;
  readonly files: number;
  readonly bytes: number;
}

/** Files that were due and stay, and why. */
export interface Kept {
  readonly reason: string;
  readonly files: number;
}

/** What a pruning did to one source or, as a dry run, would do. */
export interface PruneReport {
  readonly source: SourceName;
  readonly files: number;
  /** Bronze: as they were on the disk; staging: as the files were found at the source. */
  readonly bytes: number;
  readonly months: readonly MonthShare[];
  readonly kept: readonly Kept[];
  /** What should have been deleted and could not be. */
  readonly problems: Notes;
}

/** Collects a {@link PruneReport}; its size does not grow with the number of files. */
export class PruneTally {
  readonly problems: Note[] = [];
  readonly #source: SourceName;
  readonly #months = new Map<string, { files: number; bytes: number }>();
  readonly #kept = new Map<string, number>();
  #problemCount = 0;

  constructor(source: SourceName) {
    this.#source = source;
  }

  went(month: string, files: number, bytes: number): void {
    const share = this.#months.get(month) ?? { files: 0, bytes: 0 };
    this.#months.set(month, { files: share.files + files, bytes: share.bytes + bytes });
  }

  kept(reason: string, files: number): void {
    if (files > 0) this.#kept.set(reason, (this.#kept.get(reason) ?? 0) + files);
  }

  problem(note: Note): void {
    this.#problemCount += 1;
    if (this.problems.length < 20) this.problems.push(note);
  }

  report(): PruneReport {
    const months = [...this.#months]
      .map(([month, share]) => ({ month, ...share }))
      .sort((a, b) => (a.month < b.month ? -1 : 1));
    return {
      source: this.#source,
      files: months.reduce((sum, { files }) => sum + files, 0),
      bytes: months.reduce((sum, { bytes }) => sum + bytes, 0),
      months,
      kept: [...this.#kept].map(([reason, files]) => ({ reason, files })),
      problems: { count: this.#problemCount, first: this.problems },
    };
  }
}
