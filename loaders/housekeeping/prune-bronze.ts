import { rm, writeFile } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import { createFolders } from '../../warehouse/make-folders.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import {
  assertBronze,
  placeInBronze,
  pruningMark,
  removeEmpty,
  removeFile,
  sizeOf,
  twinOf,
} from '../landing/bronze-files.ts';
import { systemCode } from '../landing/errors.ts';
import { atOnce } from '../landing/in-order.ts';
import type { RemoteBronze } from '../landing/remote/remote-bronze.ts';
import type { SourceName } from '../landing/summary.ts';
import { isManifest, removeLoneManifest } from '../registry/manifest.ts';
import { registry } from '../registry/stamp.ts';
import { checkpoint, whileNotLoading } from './alone.ts';
import { isLatest, latestStays, monthOfFile, timeOfFile } from './ledger-files.ts';
import { type PruneReport, PruneTally } from './report.ts';
import type { AskSafety, Safety } from './safety.ts';

/** Files deleted before a load gets its turn. */
const batchFiles = 500;
const filesAtOnce = 16;

export interface BronzePruning {
  readonly source: SourceName;
  readonly bronzeRoot: string;
  /** The bucket where files of Bronze are, too, or all of them. */
  readonly bronzeRemote?: RemoteBronze | undefined;
  /** Files from before this may go. */
  readonly before: Date;
  readonly askSafety: AskSafety;
  /** Only say what would go. */
  readonly dryRun: boolean;
  readonly signal?: AbortSignal | undefined;
}

interface Due {
  readonly id: number;
  readonly name: string;
  readonly path: string;
  readonly month: string;
  readonly load: number;
  readonly latest: boolean;
}

/**
 * Deletes the Bronze files of a source that are old enough and that all models that read it have consumed. Their ledger rows
 * stay, so that they are never landed again. Rejected files stay, since there is no other copy. After a kill, the next run
 * finishes the work.
 * @throws SourceError if Bronze is not where it should be; LoadBusyError; HousekeepingInterruptedError after `signal`.
 */
export async function pruneBronze(warehouse: Warehouse, pruning: BronzePruning): Promise<PruneReport> {
  const { source, bronzeRoot, bronzeRemote, before, dryRun, signal } = pruning;
  const tally = new PruneTally(source);
  const due = await rejectedBefore(warehouse, source, before);
  tally.kept('rejected files always stay', due);
  const safety = await pruning.askSafety(warehouse);
  let checked = false;
  for (let after = 0; ; ) {
    checkpoint(signal);
    const batch = await dueAfter(warehouse, pruning, after);
    const last = batch.at(-1);
    if (last === undefined) {
      if (!dryRun) await rm(pruningMark(bronzeRoot, source), { force: true });
      return tally.report();
    }
    if (!checked) await assertBronze(warehouse, bronzeRoot, source, true, bronzeRemote);
    checked = true;
    after = last.id;
    const going = batch.filter((file) => {
      const reason = reasonToKeep(file, safety);
      if (reason !== undefined) tally.kept(reason, 1);
      return reason === undefined;
    });
    if (dryRun) await measure(going, pruning, tally);
    else if (going.length > 0)
      await whileNotLoading(warehouse, source, signal, () => remove(warehouse, going, pruning, tally));
  }
}

async function rejectedBefore(warehouse: Warehouse, source: SourceName, before: Date): Promise<number> {
  const { rows } = await warehouse.query<{ files: number }>(
    `select count(*)::int as files
     from staging.file as f
     join staging.load as l on l.load_id = f.load_id
     where f.source = $1 and f.status = 'rejected' and ${timeOfFile} < $2`,
    [source, before.toISOString()],
  );
  return rows[0]?.files ?? 0;
}

async function dueAfter(
  warehouse: Warehouse,
  { source, before }: BronzePruning,
  after: number,
): Promise<readonly Due[]> {
  const { rows } = await warehouse.query<{ [Key in keyof Due]: Due[Key] }>(
    `select f.file_id as id, f.name, f.bronze_path as path, ${monthOfFile} as month, f.load_id as load,
         ${isLatest(source)} as latest
     from staging.file as f
     join staging.load as l on l.load_id = f.load_id
     where f.source = $1 and f.status = 'landed' and f.bronze_path is not null and ${timeOfFile} < $2 and f.file_id > $3
     order by f.file_id
     limit ${batchFiles}`,
    [source, before.toISOString(), after],
  );
  return rows;
}

function reasonToKeep(file: Due, safety: Safety): string | undefined {
  if (file.latest) return latestStays;
  if (safety.kind === 'held') return safety.reason;
  return file.load > safety.loadId ? safety.reason : undefined;
}

/** Bytes on the disk, compressed and not; a problem of one file does not end the work. */
async function sizeOnDisk(
  file: Due,
  { bronzeRoot, bronzeRemote }: BronzePruning,
  tally: PruneTally,
): Promise<number | undefined> {
  try {
    const place = placeInBronze(bronzeRoot, file.path);
    const there = ((await sizeOf(place)) ?? 0) + ((await sizeOf(twinOf(place))) ?? 0);
    return there > 0 ? there : ((await bronzeRemote?.sizeOf(file.path)) ?? 0);
  } catch (error) {
    if (systemCode(error) === '') throw error;
    tally.problem({ name: file.name, reason: `it cannot be looked at (${systemCode(error)})` });
    return undefined;
  }
}

async function measure(files: readonly Due[], pruning: BronzePruning, tally: PruneTally): Promise<void> {
  await atOnce(files, filesAtOnce, async (file) => {
    const bytes = await sizeOnDisk(file, pruning, tally);
    if (bytes !== undefined) tally.went(file.month, 1, bytes);
  });
}

/**
 * Files are deleted first, then the ledger is updated: a kill leaves at worst rows without their files, and a mark by which the
 * next run knows that this is Bronze and corrects them.
 */
async function remove(
  warehouse: Warehouse,
  files: readonly Due[],
  pruning: BronzePruning,
  tally: PruneTally,
): Promise<void> {
  const { source, bronzeRoot, bronzeRemote } = pruning;
  const gone: number[] = [];
  await createFolders(resolve(bronzeRoot));
  await writeFile(pruningMark(bronzeRoot, source), '');
  await atOnce(files, filesAtOnce, async (file) => {
    const bytes = await sizeOnDisk(file, pruning, tally);
    if (bytes === undefined) return;
    try {
      await removeFile(placeInBronze(bronzeRoot, file.path));
      await bronzeRemote?.remove(file.path);
    } catch (error) {
      if (systemCode(error) === '') throw error;
      tally.problem({ name: file.name, reason: `it cannot be deleted (${systemCode(error)})` });
      return;
    }
    gone.push(file.id);
    tally.went(file.month, 1, bytes);
  });
  await warehouse.query(
    `update staging.file set bronze_path = null where file_id = any($1::bigint[]) and status = 'landed'`,
    [gone],
  );
  await rm(pruningMark(bronzeRoot, source), { force: true });
  const folders = new Set(files.map(({ path }) => dirname(placeInBronze(bronzeRoot, path))));
  for (const folder of folders) {
    if (source === registry) {
      await removeLoneManifest(folder);
      if (bronzeRemote !== undefined) await removeRemoteManifest(bronzeRemote, bronzeRoot, folder);
    }
    await removeEmpty(bronzeRoot, folder);
  }
}

/** Removes the manifest of a snapshot from the bucket, if it is alone there. */
async function removeRemoteManifest(remote: RemoteBronze, root: string, folder: string): Promise<void> {
  const begin = `${relative(resolve(root), folder).split(sep).join('/')}/`;
  const paths: string[] = [];
  for await (const { path } of remote.list(begin)) paths.push(path);
  if (!paths.every((path) => isManifest(path.slice(begin.length)))) return;
  for (const path of paths) await remote.remove(path);
}
