import { createReadStream } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { assertBronze, placeInBronze, removeEmpty, sizeOf } from '../landing/bronze-files.ts';
import { atOnce } from '../landing/in-order.ts';
import type { RemoteBronze } from '../landing/remote/remote-bronze.ts';
import { NoteCollector, type Notes, type SourceName } from '../landing/summary.ts';
import { isManifest, removeLoneManifest } from '../registry/manifest.ts';
import { registry } from '../registry/stamp.ts';
import { checkpoint, whileNotLoading } from './alone.ts';
import { hashOf, holds, notAsLanded } from './compress-file.ts';
import { timeOfFile } from './ledger-files.ts';

/** Files moved before a load gets its turn. */
const batchFiles = 250;
const filesAtOnce = 8;

export interface Archiving {
  readonly source: SourceName;
  readonly bronzeRoot: string;
  /** Where files go. */
  readonly remote: RemoteBronze;
  /** Files from before this are moved. */
  readonly before: Date;
  /** Only say what would be moved. */
  readonly dryRun: boolean;
  readonly clock: () => Date;
  readonly signal?: AbortSignal | undefined;
}

/** What an archiving did or, as a dry run, would do. */
export interface ArchiveReport {
  readonly source: SourceName;
  readonly files: number;
  readonly bytes: number;
  /** Left alone because they differ from what was landed or are missing. */
  readonly left: Notes;
}

interface Due {
  readonly id: number;
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
}

/**
 * Moves landed files of Bronze into a bucket. Each is put there, read back and compared, by its SHA-256, with the file and with the
 * ledger; only then is it deleted here, and the ledger says since when it is archived. A kill at any point leaves it in at least one
 * of the two places; the next run finishes the work. Rejected files stay.
 * @throws SourceError if Bronze is not where it should be; ObjectError; LoadBusyError; HousekeepingInterruptedError after `signal`.
 */
export async function archiveBronze(warehouse: Warehouse, archiving: Archiving): Promise<ArchiveReport> {
  const { source, bronzeRoot, remote, dryRun, signal } = archiving;
  const total = { files: 0, bytes: 0, left: new NoteCollector() };
  let checked = false;
  for (let after = 0; ; ) {
    checkpoint(signal);
    const batch = await dueAfter(warehouse, archiving, after);
    const last = batch.at(-1);
    if (last === undefined) return { source, files: total.files, bytes: total.bytes, left: { ...total.left } };
    if (!checked) await assertBronze(warehouse, bronzeRoot, source, true, remote);
    checked = true;
    after = last.id;
    if (dryRun) {
      for (const { path } of batch) {
        total.bytes += (await sizeOf(placeInBronze(bronzeRoot, path))) ?? 0;
        total.files += 1;
      }
    } else await whileNotLoading(warehouse, source, signal, () => moveAll(warehouse, batch, archiving, total));
  }
}

async function dueAfter(warehouse: Warehouse, { source, before }: Archiving, after: number): Promise<readonly Due[]> {
  const { rows } = await warehouse.query<{ [Key in keyof Due]: Due[Key] }>(
    `select f.file_id as id, f.name, f.bronze_path as path, f.sha256
     from staging.file as f
     join staging.load as l on l.load_id = f.load_id
     where f.source = $1 and f.status = 'landed' and f.bronze_path is not null and f.archived_at is null
         and ${timeOfFile} < $2 and f.file_id > $3
     order by f.file_id
     limit ${batchFiles}`,
    [source, before.toISOString(), after],
  );
  return rows;
}

async function moveAll(
  warehouse: Warehouse,
  files: readonly Due[],
  archiving: Archiving,
  total: { files: number; bytes: number; left: NoteCollector },
): Promise<void> {
  const { source, bronzeRoot, remote, clock } = archiving;
  const moved: number[] = [];
  await atOnce(files, filesAtOnce, async (file) => {
    const result = await move(file, archiving);
    if (typeof result === 'string') return total.left.add([{ name: file.name, reason: result }]);
    moved.push(file.id);
    total.files += 1;
    total.bytes += result;
  });
  await warehouse.query('update staging.file set archived_at = $2 where file_id = any($1::bigint[])', [
    moved,
    clock().toISOString(),
  ]);
  const folders = new Set(files.map(({ path }) => dirname(placeInBronze(bronzeRoot, path))));
  for (const folder of folders) {
    if (source === registry) await moveManifest(folder, bronzeRoot, remote);
    await removeEmpty(bronzeRoot, folder);
  }
}

/** @returns the bytes that were moved, or why the file stays. */
async function move({ path, sha256 }: Due, { bronzeRoot, remote }: Archiving): Promise<number | string> {
  const place = placeInBronze(bronzeRoot, path);
  const isPacked = /\.gz$/i.test(path);
  const size = await sizeOf(place);
  if (size === undefined) return movedBefore(remote, path, sha256);
  const here = await hashOf(createReadStream(place));
  if (isPacked ? !(await holds(place, sha256)) : here !== sha256) return notAsLanded;
  await remote.put(path, place);
  if ((await hashOf(remote.read({ path, bytes: size }))) !== here) return 'what the archive has of it differs';
  if ((await remote.sizeOf(path)) !== size) return 'what the archive has of it is longer';
  await rm(place, { force: true });
  return size;
}

/** Of a file that a run has deleted which was killed before it could say so: whether what the archive has is what was landed. */
async function movedBefore(remote: RemoteBronze, path: string, sha256: string): Promise<number | string> {
  const bytes = await remote.sizeOf(path);
  if (bytes === undefined) return 'it is neither here nor in the archive';
  const there = remote.read({ path, bytes });
  const isAsLanded = /\.gz$/i.test(path) ? await holds(there, sha256) : (await hashOf(there)) === sha256;
  return isAsLanded ? 0 : 'it is gone here, and what the archive has of it is not what was landed';
}

/** The manifest of a snapshot is copied with its first table, and deleted here with its last. */
async function moveManifest(folder: string, root: string, remote: RemoteBronze): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter(isManifest)) {
    const path = `${relative(resolve(root), folder).split(sep).join('/')}/${name}`;
    const place = placeInBronze(root, path);
    await remote.put(path, place);
    const bytes = (await remote.sizeOf(path)) ?? 0;
    if ((await hashOf(remote.read({ path, bytes }))) !== (await hashOf(createReadStream(place)))) return;
  }
  await removeLoneManifest(folder);
}
