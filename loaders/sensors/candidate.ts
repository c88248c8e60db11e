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
 * Sorts by the time in the name, those without one last, and takes one of several files of the same name: rather the one
 * that is not compressed, and not one from Bronze's folder of rejected files.
 */
export function inOrderOfTime(found: readonly Candidate[], names: SensorNames): Candidate[] {
  // Numbers beside the candidates rather than objects around them: there may be hundreds of thousands.
  const minutes = Float64Array.from(found, ({ name }) => names.read(name).minute ?? Number.POSITIVE_INFINITY);
  const order = Uint32Array.from(found.keys()).sort((a, b) => {
    const [one, other] = [found[a] as Candidate, found[b] as Candidate];
    return (
      compare(minutes[a] as number, minutes[b] as number) ||
      compare(one.name, other.name) ||
      compare(rank(one), rank(other)) ||
      compare(one.path, other.path)
    );
  });
  const sorted: Candidate[] = [];
  for (const index of order) {
    const candidate = found[index] as Candidate;
    if (candidate.name !== sorted.at(-1)?.name) sorted.push(candidate);
  }
  return sorted;
}

function rank({ path }: Candidate): number {
  return (path.startsWith(`${rejectedFolder}/`) ? 2 : 0) + (isCompressed(path) ? 1 : 0);
}

function compare<T extends number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
