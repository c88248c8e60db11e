import { readdir, rm } from 'node:fs/promises';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { BronzeWriter } from '../landing/bronze.ts';
import { assertBronze, placeInBronze, sizeOf, twinOf } from '../landing/bronze-files.ts';
import { systemCode } from '../landing/errors.ts';
import { atOnce } from '../landing/in-order.ts';
import { NoteCollector, type Notes, type SourceName } from '../landing/summary.ts';
import { checkpoint, whileNotLoading } from './alone.ts';
import { compressFile, holds, notAsLanded } from './compress-file.ts';
import { timeOfFile } from './ledger-files.ts';

/** Files compressed before a load gets its turn; a quarter of a second for sensor files. */
const batchFiles = 250;
const filesAtOnce = 8;

export interface Compressing {
  readonly source: SourceName;
  readonly bronzeRoot: string;
  /** Files from before this are compressed. */
  readonly before: Date;
  /** Only say what would be compressed. */
  readonly dryRun: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What a compression did or, as a dry run, would do. */
export interface CompressReport {
  readonly source: SourceName;
  readonly files: number;
  readonly bytes: number;
  /** Their size compressed; undefined for a dry run, which does not know. */
  readonly compressedBytes: number | undefined;
  /** Plain files removed whose compressed twin an earlier, killed run had made. */
  readonly finished: number;
  /** Left alone because they differ from what was landed, are missing or cannot be read. */
  readonly left: Notes;
}

interface Plain {
  readonly id: number;
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
}

/**
 * Compresses a source's landed Bronze files in place: the compressed file is written, synced and renamed, the ledger is updated,
 * then the plain file is removed. A kill leaves at worst both files, which loads handle; the next run finishes the work.
 * @throws SourceError if Bronze is not where it should be; LoadFailedError if it cannot be written; LoadBusyError;
 * HousekeepingInterruptedError after `signal`.
 */
export async function compressBronze(warehouse: Warehouse, compressing: Compressing): Promise<CompressReport> {
  const { source, bronzeRoot, dryRun, signal } = compressing;
  const total = { files: 0, bytes: 0, compressedBytes: 0, finished: 0, left: new NoteCollector() };
  const report = (): CompressReport => ({
    source,
    ...total,
    compressedBytes: dryRun ? undefined : total.compressedBytes,
    left: { ...total.left },
  });
  let checked = false;
  for (let after = 0; ; ) {
    checkpoint(signal);
    const batch = await plainAfter(warehouse, compressing, after);
    const last = batch.at(-1);
    if (last === undefined) break;
    if (!checked) await assertBronze(warehouse, bronzeRoot, source);
    checked = true;
    after = last.id;
    if (dryRun) await measure(batch, bronzeRoot, total);
    else await whileNotLoading(warehouse, source, signal, () => compressAll(warehouse, batch, bronzeRoot, total));
  }
  if (!dryRun) await finish(warehouse, compressing, total);
  return report();
}

interface Total {
  files: number;
  bytes: number;
  compressedBytes: number;
  finished: number;
  readonly left: NoteCollector;
}

async function plainAfter(
  warehouse: Warehouse,
  { source, before }: Compressing,
  after: number,
): Promise<readonly Plain[]> {
  const { rows } = await warehouse.query<{ [Key in keyof Plain]: Plain[Key] }>(
    `select f.file_id as id, f.name, f.bronze_path as path, f.sha256
     from staging.file as f
     join staging.load as l on l.load_id = f.load_id
     where f.source = $1 and f.status = 'landed' and f.bronze_path !~* '[.]gz$' and f.archived_at is null
         and ${timeOfFile} < $2 and f.file_id > $3
     order by f.file_id
     limit ${batchFiles}`,
    [source, before.toISOString(), after],
  );
  return rows;
}

async function measure(files: readonly Plain[], root: string, total: Total): Promise<void> {
  await atOnce(files, filesAtOnce, async ({ name, path }) => {
    const bytes = await sizeOf(placeInBronze(root, path));
    if (bytes === undefined) return total.left.add([{ name, reason: 'it is gone' }]);
    total.files += 1;
    total.bytes += bytes;
  });
}

async function compressAll(warehouse: Warehouse, files: readonly Plain[], root: string, total: Total): Promise<void> {
  const bronze = new BronzeWriter(root);
  const done: Plain[] = [];
  try {
    await atOnce(files, filesAtOnce, async (file) => {
      const from = placeInBronze(root, file.path);
      const result = await compressFile(bronze, from, twinOf(file.path), file.sha256);
      if (result.kind === 'drafted') {
        done.push(file);
        total.files += 1;
        total.bytes += result.bytes;
        total.compressedBytes += result.compressedBytes;
      } else if ((await sizeOf(from)) === undefined && (await holds(twinOf(from), file.sha256))) {
        // It was compressed by hand; only the ledger has to be updated.
        done.push(file);
        total.finished += 1;
      } else {
        total.left.add([{ name: file.name, reason: result.reason }]);
      }
    });
    await bronze.settle();
  } catch (error) {
    await bronze.discard();
    throw error;
  }
  const { rows } = await warehouse.query<{ path: string }>(
    `update staging.file as f set bronze_path = n.twin
     from unnest($1::bigint[], $2::text[], $3::text[]) as n (file_id, path, twin)
     where f.file_id = n.file_id and f.bronze_path = n.path
     returning n.path`,
    [done.map(({ id }) => id), done.map(({ path }) => path), done.map(({ path }) => twinOf(path))],
  );
  await atOnce(rows, filesAtOnce, async ({ path }) => {
    await removePlain(root, path, path, total);
  });
}

async function removePlain(root: string, path: string, name: string, total: Total): Promise<boolean> {
  try {
    await rm(placeInBronze(root, path), { force: true });
    return true;
  } catch (error) {
    if (systemCode(error) === '') throw error;
    total.left.add([{ name, reason: `its plain copy cannot be deleted (${systemCode(error)})` }]);
    return false;
  }
}

/** Removes the plain files whose twins the ledger has: a kill between the two left them. */
async function finish(warehouse: Warehouse, compressing: Compressing, total: Total): Promise<void> {
  const { source, bronzeRoot, before, signal } = compressing;
  const { rows: folders } = await warehouse.query<{ folder: string }>(
    `select distinct regexp_replace(f.bronze_path, '[^/]*$', '') as folder
     from staging.file as f
     join staging.load as l on l.load_id = f.load_id
     where f.source = $1 and f.status = 'landed' and f.bronze_path ~* '[.]gz$' and ${timeOfFile} < $2`,
    [source, before.toISOString()],
  );
  for (const { folder } of folders) {
    checkpoint(signal);
    const names = new Set(await readdir(placeInBronze(bronzeRoot, `${folder}.`)).catch(() => []));
    const twins = [...names].flatMap((name) => (names.has(`${name}.gz`) ? [`${folder}${name}.gz`] : []));
    if (twins.length > 0)
      await whileNotLoading(warehouse, source, signal, () => finishPairs(warehouse, compressing, twins, total));
  }
}

async function finishPairs(
  warehouse: Warehouse,
  { source, bronzeRoot }: Compressing,
  twins: readonly string[],
  total: Total,
): Promise<void> {
  const { rows } = await warehouse.query<{ name: string; twin: string; sha256: string }>(
    `select name, bronze_path as twin, sha256 from staging.file
     where source = $1 and status = 'landed' and bronze_path = any($2::text[])`,
    [source, twins],
  );
  for (const { name, twin, sha256 } of rows) {
    if (!(await holds(placeInBronze(bronzeRoot, twin), sha256))) {
      total.left.add([{ name, reason: `there is a compressed file beside the plain one, but ${notAsLanded}` }]);
    } else if (await removePlain(bronzeRoot, twinOf(twin), name, total)) {
      total.finished += 1;
    }
  }
}
