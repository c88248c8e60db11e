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

/** Fewer files than this of one partition in a folder stay as they are. */
const fewest = 4;

/** Rows of one file, about: what is read for it has to fit into memory. */
const mostRows = 200_000;

export interface Compacting {
  readonly form: MessageForm;
  readonly bronzeRoot: string;
  readonly bronzeRemote: RemoteBronze | undefined;
  /** Files whose newest message is from before this are made one. */
  readonly before: Date;
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
}

/**
 * Makes one Parquet file of the small files of a partition in a folder. The new file is written whole, then the ledger has it in
 * place of the small ones, in one transaction, then those are deleted. After a kill both may be there: the ledger says which count,
 * loads from Bronze go by it, and the next run removes the others. What was landed last of each partition stays as it is: its files
 * tell an empty database whether the range is whole.
 * @throws LoadFailedError if Bronze cannot be written; ObjectError; what `alone` and `checkpoint` throw.
 */
export async function compactStream(warehouse: Warehouse, compacting: Compacting): Promise<CompactReport> {
  const { dryRun, alone, checkpoint } = compacting;
  const total = { files: 0, made: 0, bytes: 0, madeBytes: 0, left: new NoteCollector() };
  if (!dryRun) await alone(() => removeCopies(warehouse, compacting));
  for (const group of groupsOf(await smallFiles(warehouse, compacting.before))) {
    checkpoint();
    if (dryRun) {
      total.files += group.length;
      total.bytes += group.reduce((sum, { bytes }) => sum + bytes, 0);
    } else await alone(() => compact(warehouse, compacting, group, total));
  }
  const { files, bytes, made, madeBytes } = total;
  const done = dryRun ? { made: undefined, madeBytes: undefined } : { made, madeBytes };
  return { source: 'stream', files, bytes, ...done, left: { ...total.left } };
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

/** In the order of folders, partitions and offsets. */
async function smallFiles(warehouse: Warehouse, before: Date): Promise<readonly Landed[]> {
  const { rows } = await warehouse.query<{ id: string; path: string; bytes: string; sha256: string }>(
    `select f.file_id::text as id, f.bronze_path as path, f.bytes::text as bytes, f.sha256
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
  return rows.flatMap(({ id, path, bytes, sha256 }) => {
    const named = namedFile(path);
    if (named === undefined || named.to >= (ends.get(`${named.log} ${named.topic} ${named.partition}`) ?? 0)) return [];
    return [{ ...named, id: Number(id), bytes: Number(bytes), sha256 }];
  });
}

function groupsOf(files: readonly Landed[]): readonly (readonly Landed[])[] {
  const groups = new Map<string, Landed[]>();
  for (const file of files) {
    const key = JSON.stringify([file.folder, file.topic, file.log, file.partition]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [file]);
    else group.push(file);
  }
  return [...groups.values()]
    .filter(({ length }) => length >= fewest)
    .map((group) => group.sort((a, b) => a.from - b.from));
}

async function compact(
  warehouse: Warehouse,
  compacting: Compacting,
  group: readonly Landed[],
  total: { files: number; made: number; bytes: number; madeBytes: number; left: NoteCollector },
): Promise<void> {
  let parts: { readonly file: Landed; readonly content: Uint8Array }[] = [];
  let rows = 0;
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
    rows = 0;
  };
  for (const file of group) {
    const content = await contentOf(compacting, file);
    if (typeof content === 'string') {
      // A file in between keeps those on its two sides apart, so that ranges do not overlap.
      total.left.add([{ name: file.path, reason: content }]);
      await flush();
      continue;
    }
    const count = storedRows(content);
    if (rows + count > mostRows) await flush();
    parts.push({ file, content });
    rows += count;
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
  await warehouse.transaction((session) => swapLedger(session, files, path, content.length, sha256));
  for (const old of files) {
    await rm(placeInBronze(bronzeRoot, old.path), { force: true });
    await bronzeRemote?.remove(old.path);
  }
}

async function swapLedger(
  session: Session,
  files: readonly Landed[],
  path: string,
  bytes: number,
  sha256: string,
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
    `insert into staging.file (file_id, source, name, bronze_path, bytes, sha256, load_id, status, source_time)
     values ($1, 'stream', $2, $3, $4, $5, $6, 'landed', $7)`,
    [id, path.slice('stream/'.length), path, bytes, sha256, rows[0]?.load, rows[0]?.time],
  );
}
