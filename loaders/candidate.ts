import { isCompressed, ledgerName, rejectedFolder, type SensorNames } from './sensor-name.ts';

/** A file that may have to be landed. */
export interface Candidate {
  /** As the ledger knows it, without `.gz`. */
  readonly name: string;
  /** Where it is, relative to the share or to Bronze, with forward slashes. */
  readonly path: string;
  /** Its ledger row, if there is one: what is judged again keeps its file_id. */
  readonly before?: { readonly fileId: number; readonly reason: string | null };
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
  const keyed = found.map((candidate) => ({
    candidate,
    minute: names.read(candidate.name).minute ?? Number.POSITIVE_INFINITY,
  }));
  keyed.sort(
    (a, b) =>
      compare(a.minute, b.minute) ||
      compare(a.candidate.name, b.candidate.name) ||
      compare(rank(a.candidate), rank(b.candidate)) ||
      compare(a.candidate.path, b.candidate.path),
  );
  return keyed
    .filter(({ candidate }, index) => candidate.name !== keyed[index - 1]?.candidate.name)
    .map(({ candidate }) => candidate);
}

function rank({ path }: Candidate): number {
  return (path.startsWith(`${rejectedFolder}/`) ? 2 : 0) + (isCompressed(path) ? 1 : 0);
}

function compare<T extends number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
