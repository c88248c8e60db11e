/** Where the files of an export go. Paths are relative to it, with slashes. */
export interface Destination {
  /** For messages: without secrets. */
  readonly address: string;
  /** Deletes what an export that was killed has left under temporary names. */
  clean(): Promise<void>;
  /** The text of a file; undefined if there is none. */
  read(path: string): Promise<string | undefined>;
  /** Whether a file is there with so many bytes, as far as the place tells how many it has. */
  has(path: string, bytes: number): Promise<boolean>;
  /** Brings a file of this machine there, whole, under another name. */
  stage(local: string, path: string): Promise<void>;
  /** Gives all staged files their names, in place of what has them. */
  publish(): Promise<void>;
  /** Writes a small file: readers see the old text or the new one. */
  write(path: string, text: string): Promise<void>;
  /** Deletes a file, and the folders that are empty then; one that is not there is no fault. */
  remove(path: string): Promise<void>;
  /** Never throws. */
  close(): Promise<void>;
}

/** Where files are until all are there, within the folder: a rename within one file system is one step. */
export const stagingFolder = '.datacycle-staging';

/** The folders of a path from the innermost: `a/b/c.csv` -> `a/b`, `a`. */
export function foldersOf(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, at) => parts.slice(0, parts.length - at).join('/'));
}
