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
  return { name: nameAt(path), path };
}

function nameAt(path: string): string {
  return ledgerName(path.slice(path.lastIndexOf('/') + 1));
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
  /** The place of each candidate among those added, once they are sorted. */
  #order: Uint32Array | undefined;

  get length(): number {
    return this.#order?.length ?? this.#length;
  }

  /** @param candidates as {@link candidateAt} makes them, maybe with their ledger row: a name is that of its path. */
  add(candidates: Iterable<Candidate>): void {
    this.#order = undefined;
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
    const added = this.#order?.[index] ?? index;
    const candidate = candidateAt(this.#pathOf(added));
    const before = this.#before.get(added);
    return before === undefined ? candidate : { ...candidate, before };
  }

  *[Symbol.iterator](): Generator<Candidate, void> {
    for (let index = 0; index < this.length; index += 1) yield this.at(index);
  }

  slice(from: number, to: number): Candidate[] {
    const end = Math.min(to, this.length);
    return Array.from({ length: Math.max(0, end - from) }, (_, index) => this.at(from + index));
  }

  /**
   * Sorts by the time in the name, those without one last, and keeps one of several files of the same name: rather the one
   * that is not compressed, and not one from Bronze's folder of rejected files. What is added later is not sorted.
   */
  sortByTime(names: SensorNames): void {
    // By their names and without candidates: since most of those stay, V8 puts each at once among what it rarely clears.
    const minutes = new Float64Array(this.#length);
    const order = new Uint32Array(this.#length);
    for (let index = 0; index < this.#length; index += 1) {
      minutes[index] = names.read(nameAt(this.#pathOf(index))).minute ?? Number.POSITIVE_INFINITY;
      order[index] = index;
    }
    order.sort((one, other) => {
      const [minute, otherMinute] = [minutes[one] as number, minutes[other] as number];
      if (minute !== otherMinute) return minute < otherMinute ? -1 : 1;
      return comparePaths(this.#pathOf(one), this.#pathOf(other));
    });
    let last: string | undefined;
    this.#order = order.filter((index) => {
      const name = nameAt(this.#pathOf(index));
      const isFirst = name !== last;
      last = name;
      return isFirst;
    });
  }

  /** The path of the candidate that was added as the one of this number. */
  #pathOf(added: number): string {
    return this.#paths.toString('utf8', this.#startOf(added), this.#ends[added]);
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

/** By their names; of one name the file that is rather taken first. */
function comparePaths(one: string, other: string): number {
  const [name, otherName] = [nameAt(one), nameAt(other)];
  if (name !== otherName) return name < otherName ? -1 : 1;
  return rank(one) - rank(other) || (one < other ? -1 : 1);
}

/** A compressed file, and one from Bronze's folder of rejected files, comes after the others. */
function rank(path: string): number {
  return (path.startsWith(`${rejectedFolder}/`) ? 2 : 0) + (isCompressed(path) ? 1 : 0);
}
