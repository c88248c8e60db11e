import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import glob from 'fast-glob';
import type { Session, Warehouse } from '../../warehouse/warehouse.ts';
import { BronzeWriter } from '../landing/bronze.ts';
import { placeInBronze } from '../landing/bronze-files.ts';
import { systemCode } from '../landing/errors.ts';
import type { RemoteBronze } from '../landing/remote/remote-bronze.ts';
import { NoteCollector, type Notes } from '../landing/summary.ts';
import type { MessageForm } from './form.ts';
import { type NamedFile, namedFile, pathOf, withoutCopies } from './named-file.ts';
import { mergedFile, storedRows } from './parquet.ts';

/** Fewer files than this that follow each other in a folder stay as they are. */
const fewest = 4;

/** Rows of one file at most, unless it is said: what is read for it has to fit into memory. */
const defaultMostRows = 200_000;

export interface Compacting {
  readonly form: MessageForm;
  readonly bronzeRoot: string;
  readonly bronzeRemote: RemoteBronze | undefined;
  /** Files whose newest message is from before this are made one. */
  readonly before: Date;
  /** Rows of a file that is made, at most; undefined: as many as fit well into memory. */
  readonly mostRows?: number | undefined;
  /** Only say what would be done. */
  readonly dryRun: boolean;
  /** Does a piece of work while no load of messages runs. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>;
  /** Throws to stop. */
  readonly checkpoint: () => void;
}

/** What became of small files. */
export interface CompactReport {
  readonly source: 'stream';
  readonly files: number;
  /** How many there are in their place; undefined for a dry run, which does not know. */
  readonly made: number | undefined;
  readonly bytes: number;
  readonly madeBytes: number | undefined;
  /** Left alone because they differ from what was landed, or are missing. */
  readonly left: Notes;
}

interface Landed extends NamedFile {
  readonly id: number;
  readonly bytes: number;
  readonly sha256: string;
  /** Its messages; undefined where nobody has counted them. */
  readonly messages: number | undefined;
}

/**
 * Makes one Parquet file of the small files of a partition in a folder. What fits into none is not read, so a night costs what is new. The new file is written whole, then the ledger has it in
 * place of the small ones, in one transaction, then those are deleted. After a kill both may be there: the ledger says which count,
 * loads from Bronze go by it, and the next run removes the others. What was landed last of each partition stays as it is: its files
 * tell an empty database whether the range is whole.
 * @throws LoadFailedError if Bronze cannot be written; ObjectError; what `alone` and `checkpoint` throw.
 */
export async function compactStream(warehouse: Warehouse, compacting: Compacting): Promise<CompactReport> {
  const { dryRun, alone, checkpoint } = compacting;
  const total = { files: 0, made: 0, bytes: 0, madeBytes: 0, left: new NoteCollector() };
  if (!dryRun) await alone(() => removeCopies(warehouse, compacting));
  const files = await counted(warehouse, compacting, await landedFiles(warehouse, compacting.before));
  for (const group of groupsOf(files, compacting.mostRows ?? defaultMostRows)) {
    checkpoint();
    if (dryRun) {
      total.files += group.length;
      total.bytes += group.reduce((sum, { bytes }) => sum + bytes, 0);
    } else await alone(() => compact(warehouse, compacting, group, total));
  }
  const { bytes, made, madeBytes } = total;
  const done = dryRun ? { made: undefined, madeBytes: undefined } : { made, madeBytes };
  return { source: 'stream', files: total.files, bytes, ...done, left: { ...total.left } };
}

/** Removes what a run that was killed has left: files whose messages others hold that the ledger has. */
async function removeCopies(warehouse: Warehouse, { bronzeRoot, bronzeRemote }: Compacting): Promise<void> {
  const paths = await glob(['stream/event_date=*/**/*.parquet'], { cwd: bronzeRoot, followSymbolicLinks: false });
  for await (const { path } of bronzeRemote?.list('stream/event_date=') ?? []) paths.push(path);
  const found = paths.flatMap((path) => namedFile(path) ?? []);
  const { rows } = await warehouse.query<{ path: string }>(
    `select bronze_path as path from staging.file where source = 'stream' and bronze_path is not null`,
  );
  const known = new Set(rows.map(({ path }) => path));
  const counting = new Set(withoutCopies(found, known));
  for (const file of found) {
    if (counting.has(file) || known.has(file.path)) continue;
    await rm(placeInBronze(bronzeRoot, file.path), { force: true });
    await bronzeRemote?.remove(file.path);
  }
}

/** All that may be made one with others. */
async function landedFiles(warehouse: Warehouse, before: Date): Promise<readonly Landed[]> {
  const { rows } = await warehouse.query<{
    id: string;
    path: string;
    bytes: string;
    sha256: string;
    messages: number | null;
  }>(
    `select f.file_id::text as id, f.bronze_path as path, f.bytes::text as bytes, f.sha256, f.messages
     from staging.file as f
     where f.source = 'stream' and f.status = 'landed' and f.bronze_path is not null and f.archived_at is null
         and f.source_time < $1
     order by f.file_id`,
    [before.toISOString()],
  );
  const { rows: newest } = await warehouse.query<{ key: string; next: string }>(
    `select log || ' ' || topic || ' ' || partition as key, next_offset::text as next from staging.stream_offset`,
  );
  const ends = new Map(newest.map(({ key, next }) => [key, Number(next)]));
  return rows.flatMap(({ id, path, bytes, sha256, messages }) => {
    const named = namedFile(path);
    if (named === undefined || named.to >= (ends.get(`${named.log} ${named.topic} ${named.partition}`) ?? 0)) return [];
    return [{ ...named, id: Number(id), bytes: Number(bytes), sha256, messages: messages ?? undefined }];
  });
}

/** Counts the messages of files that were landed before the ledger had their number, once. */
async function counted(
  warehouse: Warehouse,
  compacting: Compacting,
  files: readonly Landed[],
): Promise<readonly Landed[]> {
  const found: { readonly id: number; readonly messages: number }[] = [];
  const all: Landed[] = [];
  for (const file of files) {
    compacting.checkpoint();
    const content = file.messages === undefined ? await contentOf(compacting, file) : undefined;
    // What differs from what was landed is told when its turn comes.
    if (content === undefined || typeof content === 'string') all.push(file);
    else {
      const messages = storedRows(content);
      found.push({ id: file.id, messages });
      all.push({ ...file, messages });
    }
  }
  if (found.length > 0 && !compacting.dryRun)
    await warehouse.query(
      `update staging.file as f set messages = n.messages
       from unnest($1::bigint[], $2::integer[]) as n (file_id, messages) where f.file_id = n.file_id`,
      [found.map(({ id }) => id), found.map(({ messages }) => messages)],
    );
  return all;
}

/** Files that become one each: of one folder and partition, in the order of offsets, one after the other as many as fit. */
function groupsOf(files: readonly Landed[], mostRows: number): readonly (readonly Landed[])[] {
  const byFolder = new Map<string, Landed[]>();
  for (const file of files) {
    const key = JSON.stringify([file.folder, file.topic, file.log, file.partition]);
    const group = byFolder.get(key);
    if (group === undefined) byFolder.set(key, [file]);
    else group.push(file);
  }
  const groups: Landed[][] = [];
  for (const folder of byFolder.values()) {
    let group: Landed[] = [];
    let rows = 0;
    for (const file of folder.sort((a, b) => a.from - b.from)) {
      const { messages = 0 } = file;
      if (rows + messages > mostRows) {
        groups.push(group);
        [group, rows] = [[], 0];
      }
      group.push(file);
      rows += messages;
    }
    groups.push(group);
  }
  return groups.filter(({ length }) => length >= fewest);
}

async function compact(
  warehouse: Warehouse,
  compacting: Compacting,
  group: readonly Landed[],
  total: { files: number; made: number; bytes: number; madeBytes: number; left: NoteCollector },
): Promise<void> {
  let parts: { readonly file: Landed; readonly content: Uint8Array }[] = [];
  const flush = async () => {
    const [first, last] = [parts[0]?.file, parts.at(-1)?.file];
    if (first !== undefined && last !== undefined && parts.length > 1) {
      const files = parts.map(({ file }) => file);
      const content = await mergedFile(
        compacting.form,
        parts.map((part) => part.content),
      );
      await swap(warehouse, compacting, files, pathOf({ ...first, to: last.to }), content);
      total.files += files.length;
      total.made += 1;
      total.bytes += files.reduce((sum, { bytes }) => sum + bytes, 0);
      total.madeBytes += content.length;
    }
    parts = [];
  };
  for (const file of group) {
    const content = await contentOf(compacting, file);
    if (typeof content === 'string') {
      // A file in between keeps those on its two sides apart, so that ranges do not overlap.
      total.left.add([{ name: file.path, reason: content }]);
      await flush();
      continue;
    }
    parts.push({ file, content });
  }
  await flush();
}

/** The bytes of a file as it was landed, or why there are none. */
async function contentOf(
  { bronzeRoot, bronzeRemote }: Compacting,
  { path, bytes, sha256 }: Landed,
): Promise<Uint8Array | string> {
  const pieces: Uint8Array[] = [];
  if (bronzeRemote !== undefined) for await (const piece of bronzeRemote.read({ path, bytes })) pieces.push(piece);
  else {
    try {
      pieces.push(await readFile(placeInBronze(bronzeRoot, path)));
    } catch (error) {
      if (systemCode(error) === '') throw error;
      return systemCode(error) === 'ENOENT' ? 'it is gone' : `it cannot be read (${systemCode(error)})`;
    }
  }
  const content = Buffer.concat(pieces);
  const isAsLanded = createHash('sha256').update(content).digest('hex') === sha256;
  return isAsLanded ? content : 'it is not what was landed (its SHA-256 differs from the ledger)';
}

async function swap(
  warehouse: Warehouse,
  { bronzeRoot, bronzeRemote }: Compacting,
  files: readonly Landed[],
  path: string,
  content: Uint8Array,
): Promise<void> {
  const bronze = new BronzeWriter(bronzeRoot, bronzeRemote);
  try {
    await bronze.write(path, content);
    await bronze.settle();
  } catch (error) {
    await bronze.discard();
    throw error;
  }
  const sha256 = createHash('sha256').update(content).digest('hex');
  const made = { path, bytes: content.length, sha256, messages: storedRows(content) };
  await warehouse.transaction((session) => swapLedger(session, files, made));
  for (const old of files) {
    await rm(placeInBronze(bronzeRoot, old.path), { force: true });
    await bronzeRemote?.remove(old.path);
  }
}

async function swapLedger(
  session: Session,
  files: readonly Landed[],
  { path, bytes, sha256, messages }: Pick<Landed, 'path' | 'bytes' | 'sha256' | 'messages'>,
): Promise<void> {
  const ids = files.map(({ id }) => id);
  // The number of the first stays, so that most rows need not be touched where staging was pruned in between.
  const [id] = ids;
  await session.query('update staging.stream_message set file_id = $1 where file_id = any($2::bigint[])', [
    id,
    ids.slice(1),
  ]);
  const { rows } = await session.query<{ load: string; time: string }>(
    `select max(load_id)::text as load, max(source_time)::text as time from staging.file where file_id = any($1::bigint[])`,
    [ids],
  );
  await session.query('delete from staging.file where file_id = any($1::bigint[])', [ids]);
  await session.query(
    `insert into staging.file (file_id, source, name, bronze_path, bytes, sha256, load_id, status, source_time, messages)
     values ($1, 'stream', $2, $3, $4, $5, $6, 'landed', $7, $8)`,
    [id, path.slice('stream/'.length), path, bytes, sha256, rows[0]?.load, rows[0]?.time, messages],
  );
}
