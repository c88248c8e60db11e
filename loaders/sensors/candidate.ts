import { rejectedFolder } from '../landing/bronze.ts';
import { isCompressed, ledgerName } from '../landing/ledger-name.ts';
import type { SensorNames } from './name.ts';

/** A file that may have to be landed. */
export interface Candidate {
  /** As the ledger knows it, without `.gz`. */
  readonly name: string;
  /** Where it is, relative to the share or to Bronze, with forward slashes. */
  readonly path: string;
  /** Its ledger row, if there is one. */
  readonly before?: Before;
}

/** The ledger row of a file that is judged again: it keeps its file_id. */
export interface Before {
  readonly fileId: number;
  /** Null if it was landed. */
  readonly reason: string | null;
  readonly sha256: string | null;
  readonly bronzePath: string | null;
}

/** A file found under `path`, with forward slashes. */
export function candidateAt(path: string): Candidate {
  return { name: ledgerName(path.slice(path.lastIndexOf('/') + 1)), path };
}

/**
 * Candidates in the order they were added. Their paths lie in one buffer, 50 bytes each where an object with its strings has several
 * hundred: a share may have hundreds of thousands, and all that are new wait here for their turn.
 */
export class CandidateList implements Iterable<Candidate> {
  #paths = Buffer.alloc(4096);
  /** Where each path ends; the next one begins there. */
  #ends = new Uint32Array(64);
  #before = new Map<number, Before>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** @param candidates as {@link candidateAt} makes them, maybe with their ledger row: a name is that of its path. */
  add(candidates: Iterable<Candidate>): void {
    for (const { path, before } of candidates) {
      const start = this.#startOf(this.#length);
      const end = start + Buffer.byteLength(path);
      this.#makeRoom(end);
      this.#paths.write(path, start);
      this.#ends[this.#length] = end;
      if (before !== undefined) this.#before.set(this.#length, before);
      this.#length += 1;
    }
  }

  at(index: number): Candidate {
    const candidate = candidateAt(this.#paths.toString('utf8', this.#startOf(index), this.#ends[index]));
    const before = this.#before.get(index);
    return before === undefined ? candidate : { ...candidate, before };
  }

  *[Symbol.iterator](): Generator<Candidate, void> {
    for (let index = 0; index < this.#length; index += 1) yield this.at(index);
  }

  slice(from: number, to: number): Candidate[] {
    const end = Math.min(to, this.#length);
    return Array.from({ length: Math.max(0, end - from) }, (_, index) => this.at(from + index));
  }

  /**
   * Sorts by the time in the name, those without one last, and keeps one of several files of the same name: rather the one
   * that is not compressed, and not one from Bronze's folder of rejected files.
   */
  sortByTime(names: SensorNames): void {
    // One candidate at a time: as objects all of them take ten times as much.
    const minutes = new Float64Array(this.#length);
    for (let index = 0; index < this.#length; index += 1)
      minutes[index] = names.read(this.at(index).name).minute ?? Number.POSITIVE_INFINITY;
    const order = Uint32Array.from(minutes.keys()).sort((one, other) => {
      const [minute = 0, otherMinute = 0] = [minutes[one], minutes[other]];
      if (minute !== otherMinute) return minute < otherMinute ? -1 : 1;
      return compareNames(this.at(one), this.at(other));
    });
    const sorted = new CandidateList();
    sorted.#paths = Buffer.alloc(this.#startOf(this.#length));
    let last: string | undefined;
    for (const index of order) {
      const candidate = this.at(index);
      if (candidate.name !== last) sorted.add([candidate]);
      last = candidate.name;
    }
    this.#paths = sorted.#paths;
    this.#ends = sorted.#ends;
    this.#before = sorted.#before;
    this.#length = sorted.#length;
  }

  #startOf(index: number): number {
    return index === 0 ? 0 : (this.#ends[index - 1] ?? 0);
  }

  #makeRoom(bytes: number): void {
    if (bytes > this.#paths.length) {
      const larger = Buffer.alloc(Math.max(bytes, this.#paths.length * 2));
      this.#paths.copy(larger);
      this.#paths = larger;
    }
    if (this.#length === this.#ends.length) {
      const larger = new Uint32Array(this.#ends.length * 2);
      larger.set(this.#ends);
      this.#ends = larger;
    }
  }
}

/** Names in order; of one name the file that is rather taken first. */
function compareNames(one: Candidate, other: Candidate): number {
  if (one.name !== other.name) return one.name < other.name ? -1 : 1;
  return rank(one) - rank(other) || (one.path < other.path ? -1 : 1);
}

/** A compressed file, and one from Bronze's folder of rejected files, comes after the others. */
function rank({ path }: Candidate): number {
  return (path.startsWith(`${rejectedFolder}/`) ? 2 : 0) + (isCompressed(path) ? 1 : 0);
}
