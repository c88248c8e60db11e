/** A file as its name says: which range of which partition it holds, as far as that belongs into its folder. */
export interface NamedFile {
  readonly path: string;
  /** Relative to Bronze, without a slash at its end. */
  readonly folder: string;
  readonly log: string;
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** Reads the path of a file in Bronze; undefined for any other. */
export function namedFile(path: string): NamedFile | undefined {
  const match = /^(.*)\/([A-Za-z0-9._-]+)@([a-z0-9-]+)-p(\d+)-(\d+)-(\d+)\.parquet$/.exec(path);
  if (match === null) return undefined;
  const [, folder = '', topic = '', log = '', partition, from, to] = match;
  return { path, folder, log, topic, partition: Number(partition), from: Number(from), to: Number(to) };
}

/** The path of a file. */
export function pathOf({ folder, topic, log, partition, from, to }: Omit<NamedFile, 'path'>): string {
  return `${folder}/${topic}@${log}-p${partition}-${from}-${to}.parquet`;
}

/**
 * Of files that hold the same messages, since a compaction was killed, those that count: the small ones as long as the ledger has
 * one of them, else the one that was made of them.
 * @param known the paths that the ledger has.
 */
export function withoutCopies(files: readonly NamedFile[], known: ReadonlySet<string>): readonly NamedFile[] {
  const byFolder = new Map<string, NamedFile[]>();
  for (const file of files) {
    const key = JSON.stringify([file.folder, file.topic, file.log, file.partition]);
    const group = byFolder.get(key);
    if (group === undefined) byFolder.set(key, [file]);
    else group.push(file);
  }
  const dropped = new Set<NamedFile>();
  for (const group of byFolder.values()) {
    // Wide ones first, of those that begin together.
    group.sort((a, b) => a.from - b.from || b.to - a.to);
    let wide: NamedFile | undefined;
    let within: NamedFile[] = [];
    const judge = () => {
      if (wide === undefined || within.length === 0) return;
      const isUnfinished = !known.has(wide.path) && within.some(({ path }) => known.has(path));
      for (const file of isUnfinished ? [wide] : within) dropped.add(file);
    };
    for (const file of group) {
      if (wide !== undefined && file.to <= wide.to) {
        within.push(file);
        continue;
      }
      judge();
      [wide, within] = [file, []];
    }
    judge();
  }
  return files.filter((file) => !dropped.has(file));
}
