import type { Session, Warehouse } from '../../warehouse/warehouse.ts';
import type { BronzeWriter } from '../landing/bronze.ts';
import { copyLine } from '../landing/copy-text.ts';
import type { Note } from '../landing/summary.ts';
import type { Candidate } from './candidate.ts';
import type { Fingerprint, Taken } from './intake.ts';
import { sensors } from './ledger.ts';

/** A batch of files ends early once it has read so much, since its rows wait in the server (embedded: in memory) for the commit. */
export const maxBatchBytes = 64 * 1024 * 1024;

export interface Batch {
  readonly warehouse: Warehouse;
  /** Where files are copied; undefined if they come from Bronze. */
  readonly bronze: BronzeWriter | undefined;
  /** Files to land, in order; as many are taken as fit into one batch. */
  readonly candidates: readonly Candidate[];
  /** Reads, copies into Bronze and judges files, in their order. */
  take(candidates: Iterable<Candidate>): AsyncIterable<Taken>;
  /** How much is read before the batch ends early; undefined: all of it, whatever its size. */
  readonly mostBytes: number | undefined;
  /** Done first in the transaction of the batch. */
  readonly begin?: ((session: Session) => Promise<void>) | undefined;
  readonly clock: () => Date;
  /** Throws to stop, between two files. */
  readonly checkpoint: () => void;
  /** Told after each file what the batch has done so far. */
  readonly onFile: (files: number, bytes: number) => void;
}

export interface BatchResult {
  /** Candidates dealt with, from the first on. */
  readonly taken: number;
  /** Undefined if the batch left nothing to record. */
  readonly loadId: number | undefined;
  readonly landed: number;
  readonly rejected: readonly Note[];
  readonly skipped: readonly Note[];
  /** Paths in Bronze of copies that another one has taken the place of. */
  readonly replacedCopies: readonly string[];
  readonly bytes: number;
}

/** What became of the files of a batch so far. */
export class Tally {
  readonly loadId: number;
  /** Lines for staging.file, in COPY's format. */
  readonly ledger: string[] = [];
  /** Ledger rows that replace earlier ones. */
  readonly replaced: number[] = [];
  /** Rejected files that were judged again and are as they were, with their stamp now. */
  readonly unchanged: { readonly fileId: number; readonly stamp: string }[] = [];
  readonly #replacedCopies: string[] = [];
  readonly #batch: Batch;
  readonly #fileIds: number[];
  readonly #rejected: Note[] = [];
  readonly #skipped: Note[] = [];
  #taken = 0;
  #seen = 0;
  #landed = 0;
  #bytes = 0;

  constructor(batch: Batch, loadId: number, fileIds: number[]) {
    this.#batch = batch;
    this.loadId = loadId;
    this.#fileIds = fileIds.reverse();
  }

  /** The files of the batch, one after the other. */
  async *files(): AsyncGenerator<Taken & { fileId: number }> {
    const { checkpoint, onFile } = this.#batch;
    for await (const taken of this.#batch.take(this.#candidates())) {
      checkpoint();
      if (taken.kind === 'landed' || taken.kind === 'rejected') this.#bytes += taken.bytes;
      this.#seen += 1;
      onFile(this.#seen, this.#bytes);
      yield { ...taken, fileId: taken.candidate.before?.fileId ?? this.#fileIds.pop() ?? Number.NaN };
    }
  }

  *#candidates(): Generator<Candidate> {
    const { candidates, mostBytes = Number.POSITIVE_INFINITY } = this.#batch;
    for (const candidate of candidates) {
      if (this.#bytes >= mostBytes) return;
      this.#taken += 1;
      yield candidate;
    }
  }

  skip({ name }: Candidate, reason: string): void {
    this.#skipped.push({ name, reason });
  }

  land(file: Fingerprint, fileId: number): void {
    this.#landed += 1;
    this.#record(file, fileId, null);
  }

  reject(file: Fingerprint, fileId: number, reason: string): void {
    this.#rejected.push({ name: file.candidate.name, reason });
    const { stamp, sha256, candidate } = file;
    const { before } = candidate;
    // Judged again with the same verdict: the ledger has it already. In Bronze it may have been compressed since.
    if (before?.reason !== reason || (stamp !== null && (sha256 === null || before.sha256 !== sha256)))
      this.#record(file, fileId, reason);
    else if (stamp !== null) this.unchanged.push({ fileId, stamp });
  }

  #record(file: Fingerprint, fileId: number, reason: string | null): void {
    const { candidate, bronzePath, bytes, sha256, minute } = file;
    const { before } = candidate;
    if (before !== undefined) this.replaced.push(fileId);
    const copy = before?.bronzePath ?? bronzePath;
    // From Bronze itself nothing is replaced there: a file and its compressed twin are for housekeeping to sort out.
    if (this.#batch.bronze !== undefined && copy !== null && copy !== bronzePath) this.#replacedCopies.push(copy);
    const status = reason === null ? 'landed' : 'rejected';
    const time = minute === undefined ? null : new Date(minute * 60_000).toISOString();
    // Only what was rejected is ever looked at again.
    const stamp = reason === null ? null : file.stamp;
    this.ledger.push(
      copyLine([fileId, sensors, candidate.name, bronzePath, bytes, sha256, this.loadId, status, reason, time, stamp]),
    );
  }

  result(): BatchResult {
    return {
      taken: this.#taken,
      loadId: this.ledger.length > 0 ? this.loadId : undefined,
      landed: this.#landed,
      rejected: this.#rejected,
      skipped: this.#skipped,
      replacedCopies: this.#replacedCopies,
      bytes: this.#bytes,
    };
  }
}
