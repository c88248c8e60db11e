import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import glob from 'fast-glob';
import type { Session } from '../../warehouse/warehouse.ts';
import { copyLine, copyValue } from '../landing/copy-text.ts';
import { LoadInterruptedError } from '../landing/errors.ts';
import { assertFolder } from '../landing/folder.ts';
import { inLoad } from '../landing/load.ts';
import { type LoadOptions, type LoadSummary, NoteCollector } from '../landing/summary.ts';
import type { StreamLanding } from './land-batch.ts';
import { type NamedFile, namedFile, withoutCopies } from './named-file.ts';
import { type StoredMessage, storedMessages, storedRows } from './parquet.ts';

/** Files read at once into one load. */
const filesAtOnce = 500;

/**
 * Lands again the files of Bronze whose rows staging lacks, from the files alone, and notes how far each partition is landed by them.
 * @throws SourceError if Bronze is not where it should be; LoadInterruptedError after `signal`; StatementError.
 */
export async function landFromBronze(
  landing: Omit<StreamLanding, 'log'>,
  root: string,
  options: LoadOptions,
): Promise<LoadSummary> {
  await assertFolder(root, 'BRONZE_ROOT');
  const paths = await glob(['stream/event_date=*/**/*.parquet'], { cwd: root, followSymbolicLinks: false });
  const named = paths.flatMap((path) => namedFile(path) ?? []).sort(inOrder);
  const skipped = new NoteCollector();
  const loads: number[] = [];
  let landed = 0;
  let bytes = 0;
  const missing = await withoutRows(landing, root, named);
  for (let at = 0; at < missing.length; at += filesAtOnce) {
    if (options.signal?.aborted === true) throw new LoadInterruptedError([...loads]);
    const batch = missing.slice(at, at + filesAtOnce);
    const { loadId, result } = await inLoad(landing.warehouse, 'stream', landing.clock, async (session, load) => {
      const done = await landFiles(session, landing, root, batch, load, skipped);
      await noteRanges(session, batch, options.clock());
      bytes += done.bytes;
      return { files: done.files, records: done.rows, rejected: 0 };
    });
    if (loadId !== undefined) loads.push(loadId);
    landed += result.records;
    options.onProgress?.({ phase: 'landing', files: at + batch.length, total: missing.length, bytes });
  }
  const nothing = { count: 0, first: [] };
  return {
    source: 'stream',
    listed: 'bronze',
    landed,
    rejected: nothing,
    skipped: { ...skipped },
    ignored: 0,
    warnings: nothing,
    loads,
    bytes,
  };
}

function inOrder(a: NamedFile, b: NamedFile): number {
  const [one, other] = [partitionOf(a), partitionOf(b)];
  return one < other ? -1 : one > other ? 1 : a.from - b.from || (a.path < b.path ? -1 : 1);
}

/**
 * The files whose rows are not in staging. A range that was planned and never committed is left to the loader that repeats it: its files may
 * not be complete. A database that does not know the partition learns that from the number of messages of its newest range.
 */
async function withoutRows(
  { warehouse }: Omit<StreamLanding, 'log'>,
  root: string,
  found: readonly NamedFile[],
): Promise<readonly NamedFile[]> {
  const { rows: ledger } = await warehouse.query<{ path: string }>(
    `select bronze_path as path from staging.file where source = 'stream' and bronze_path is not null`,
  );
  const files = withoutCopies(found, new Set(ledger.map(({ path }) => path)));
  const { rows: present } = await warehouse.query<{ path: string }>(
    `select f.bronze_path as path
     from staging.file as f
     where f.source = 'stream' and f.status = 'landed'
         and exists (select from staging.stream_message as m where m.file_id = f.file_id)`,
  );
  const staged = new Set(present.map(({ path }) => path));
  const { rows } = await warehouse.query<{ log: string; topic: string; partition: number; next: string }>(
    'select log, topic, partition, next_offset::text as next from staging.stream_offset',
  );
  const known = new Map(rows.map((row) => [partitionOf(row), Number(row.next)]));
  const unfinished = new Set<string>();
  for (const range of newestRanges(files.filter((file) => !known.has(partitionOf(file))))) {
    const [first] = range;
    if (first === undefined) continue;
    const rejected = join(root, 'stream', 'rejected', first.path.slice(first.path.lastIndexOf('/') + 1));
    let messages = await rowsOf(rejected);
    for (const { path } of range) messages += await rowsOf(join(root, ...path.split('/')));
    if (messages < first.to - first.from) for (const { path } of range) unfinished.add(path);
  }
  return files.filter(
    (file) =>
      !staged.has(file.path) && !unfinished.has(file.path) && file.to <= (known.get(partitionOf(file)) ?? file.to),
  );
}

function partitionOf({ log, topic, partition }: Pick<NamedFile, 'log' | 'topic' | 'partition'>): string {
  return `${log} ${topic} ${partition}`;
}

/** Of each partition the files of its newest range. */
function newestRanges(files: readonly NamedFile[]): readonly (readonly NamedFile[])[] {
  const newest = new Map<string, NamedFile[]>();
  for (const file of files) {
    const [other] = newest.get(partitionOf(file)) ?? [];
    if (other === undefined || file.from > other.from) newest.set(partitionOf(file), [file]);
    else if (file.from === other.from) newest.get(partitionOf(file))?.push(file);
  }
  return [...newest.values()];
}

async function rowsOf(path: string): Promise<number> {
  const read = await readStored(path);
  return typeof read === 'string' ? 0 : storedRows(read);
}

async function landFiles(
  session: Session,
  { form }: Omit<StreamLanding, 'log'>,
  root: string,
  files: readonly NamedFile[],
  loadId: number,
  skipped: NoteCollector,
): Promise<{ readonly files: number; readonly rows: number; readonly bytes: number }> {
  const total = { files: 0, rows: 0, bytes: 0 };
  const ledger: string[] = [];
  async function* lines(): AsyncGenerator<string> {
    for (const file of files) {
      const read = await readStored(join(root, ...file.path.split('/')));
      if (typeof read === 'string') {
        skipped.add([{ name: file.path, reason: read }]);
        continue;
      }
      const messages: readonly StoredMessage[] = await storedMessages(form, read);
      const id = await fileId(file);
      total.files += 1;
      total.rows += messages.length;
      total.bytes += read.length;
      const sha256 = createHash('sha256').update(read).digest('hex');
      const name = file.path.slice('stream/'.length);
      ledger.push(copyLine([id, 'stream', name, file.path, read.length, sha256, loadId, 'landed', messages.length]));
      const head = `${id}\t${loadId}\t${copyValue(file.topic)}\t${file.partition}\t`;
      yield messages
        .map(({ offset, time, text }) => `${head}${offset}\t${new Date(time).toISOString()}\t${copyValue(text)}\n`)
        .join('');
    }
  }
  const ids = await fileIds(session, files);
  const fileId = async ({ path }: NamedFile) => ids.get(path) ?? 0;
  // Those that the ledger has keep their numbers.
  await session.query(`delete from staging.file where source = 'stream' and bronze_path = any($1::text[])`, [
    files.map(({ path }) => path),
  ]);
  await session.copyIn(
    'copy staging.stream_message (file_id, load_id, topic, partition, message_offset, message_time, message) from stdin',
    lines(),
  );
  await session.copyIn(
    'copy staging.file (file_id, source, name, bronze_path, bytes, sha256, load_id, status, messages) from stdin',
    (async function* () {
      yield ledger.join('');
    })(),
  );
  return total;
}

async function readStored(path: string): Promise<Buffer | string> {
  try {
    return await readFile(path);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function fileIds(session: Session, files: readonly NamedFile[]): Promise<ReadonlyMap<string, number>> {
  const { rows } = await session.query<{ path: string; id: string }>(
    `select p.path, coalesce(f.file_id, nextval('staging.file_id'))::text as id
     from unnest($1::text[]) as p (path)
     left join staging.file as f on f.source = 'stream' and f.bronze_path = p.path`,
    [files.map(({ path }) => path)],
  );
  return new Map(rows.map(({ path, id }) => [path, Number(id)]));
}

/** A database that knows nothing of the partitions goes on after what Bronze has. */
async function noteRanges(session: Session, files: readonly NamedFile[], at: Date): Promise<void> {
  await session.query(
    `insert into staging.stream_offset as o (log, topic, partition, next_offset, end_offset, seen_at)
     select r.log, r.topic, r.partition, max(r.to_offset), max(r.to_offset), $1
     from unnest($2::text[], $3::text[], $4::integer[], $5::bigint[]) as r (log, topic, partition, to_offset)
     group by r.log, r.topic, r.partition
     on conflict (log, topic, partition) do update
         set next_offset = greatest(o.next_offset, excluded.next_offset), end_offset = greatest(o.end_offset, excluded.end_offset)
         where o.planned_offset is null`,
    [
      at.toISOString(),
      files.map(({ log }) => log),
      files.map(({ topic }) => topic),
      files.map(({ partition }) => partition),
      files.map(({ to }) => to),
    ],
  );
}
