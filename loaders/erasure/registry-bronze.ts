import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import glob from 'fast-glob';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { BronzeWriter } from '../landing/bronze.ts';
import { placeInBronze, removeEmpty } from '../landing/bronze-files.ts';
import { inChunks } from '../landing/copy-text.ts';
import { type Descriptor, writeFully } from '../landing/descriptor.ts';
import { NotATable } from '../registry/bronze.ts';
import { rawRows } from '../registry/raw-rows.ts';
import { ledgerNameOf, readBronzePath, registry } from '../registry/stamp.ts';
import { type RegistryRecord, RegistryRows } from '../registry/subject-rows.ts';
import { type RegistryTable, registryTables } from '../registry/tables.ts';
import { type RegistryIds, unionOf } from '../tombstones/registry-ids.ts';
import type { SubjectRule } from '../tombstones/rule.ts';
import { deleteFiles } from './bronze-folder.ts';
import type { ErasureControl } from './progress.ts';
import { linkTables } from './registry-staging.ts';

/** A table of a snapshot in Bronze, compressed or not. */
export interface SnapshotFile {
  readonly table: RegistryTable;
  /** Relative to Bronze, with forward slashes. */
  readonly path: string;
  /** As the ledger names it. */
  readonly name: string;
}

/** The files of each snapshot in Bronze, twins included, in the order in which rows lead to buildings. */
export async function snapshotFiles(root: string): Promise<readonly (readonly SnapshotFile[])[]> {
  const paths = await glob(`${registry}/**/*.{json,json.gz}`, {
    cwd: root,
    caseSensitiveMatch: false,
    followSymbolicLinks: false,
  });
  const folders = new Map<string, SnapshotFile[]>();
  for (const path of paths.sort()) {
    const read = readBronzePath(path);
    if (!read.known) continue;
    const files = folders.get(dirname(path)) ?? [];
    files.push({ table: read.table, path, name: ledgerNameOf(read.stamp, read.table) });
    folders.set(dirname(path), files);
  }
  const order = ({ table }: SnapshotFile) => registryTables.indexOf(table);
  return [...folders.values()].map((files) => files.sort((a, b) => order(a) - order(b)));
}

/** One row of a file: its bytes as they stand there, whether it is the subject's, and if it is not, whether it names it. */
export interface JudgedRow {
  readonly bytes: Buffer;
  readonly isTheirs: boolean;
  readonly isNamed: boolean;
  /** The bytes without the name; as they stand there if they do not name it. */
  readonly clean: Buffer;
}

/** The rows of a file, judged. @throws NotATable if it is not a whole JSON array of objects. */
export async function* judgedRows(root: string, file: SnapshotFile, rows: RegistryRows): AsyncGenerator<JudgedRow> {
  for await (const bytes of rawRows(placeInBronze(root, file.path))) {
    const isTheirs = rows.has(file.table, parsed(bytes));
    const json = isTheirs ? '' : bytes.toString('utf8');
    const clean = rows.withoutName(json);
    const isNamed = clean !== json;
    yield { bytes, isTheirs, isNamed, clean: isNamed ? Buffer.from(clean, 'utf8') : bytes };
  }
}

function parsed(bytes: Buffer): RegistryRecord {
  try {
    return JSON.parse(bytes.toString('utf8')) as RegistryRecord;
  } catch {
    throw new NotATable('not valid JSON');
  }
}

/** How many rows of a file are the subject's, how many others name it, and whether it could be read to its end. */
async function look(
  root: string,
  file: SnapshotFile,
  rows: RegistryRows,
): Promise<{ readonly theirs: number; readonly named: number; readonly whole: boolean }> {
  let theirs = 0;
  let named = 0;
  try {
    for await (const { isTheirs, isNamed } of judgedRows(root, file, rows)) {
      if (isTheirs) theirs += 1;
      if (isNamed) named += 1;
    }
    return { theirs, named, whole: true };
  } catch (error) {
    if (error instanceof NotATable) return { theirs, named, whole: false };
    throw error;
  }
}

/** What the registry called the subject's buildings, rooms and devices: known before, or by a snapshot in Bronze. */
export async function idsInBronze(root: string, rule: SubjectRule, before: RegistryIds): Promise<RegistryIds> {
  let known = before;
  for (const files of await snapshotFiles(root)) {
    const rows = new RegistryRows(rule, [known]);
    for (const file of files) if (linkTables.includes(file.table)) await look(root, file, rows);
    known = unionOf([known, rows.ids]);
  }
  return known;
}

export interface BronzeRowsErased {
  /** Files written anew without the subject's rows and name, or deleted since they are damaged and hold some of it. */
  readonly files: number;
  readonly rows: number;
  /** Rows of others that lost the name. */
  readonly named: number;
  /** Paths in Bronze of files that are damaged: in what can be read of them is nothing of the subject. */
  readonly damaged: readonly string[];
}

/**
 * Takes the subject's rows out of the snapshots in Bronze, and its name out of those of others. A file that has neither stays
 * as it is; any other is written anew with its other rows as they were, compressed if it was, and the ledger told before it
 * becomes visible: killed in between, the next time writes the same. A damaged file, which no load takes, goes if any of its
 * rows is the subject's or names it.
 */
export async function eraseFromSnapshots(
  warehouse: Warehouse,
  root: string,
  rule: SubjectRule,
  ids: RegistryIds,
  { checkpoint, onProgress }: ErasureControl,
): Promise<BronzeRowsErased> {
  const snapshots = await snapshotFiles(root);
  const total = snapshots.reduce((sum, files) => sum + files.length, 0);
  const bronze = new BronzeWriter(root);
  const erased = { files: 0, rows: 0, named: 0, damaged: [] as string[] };
  let seen = 0;
  try {
    for (const files of snapshots) {
      checkpoint();
      const rows = new RegistryRows(rule, [ids]);
      for (const file of files) {
        const { theirs, named, whole } = await look(root, file, rows);
        const isClean = theirs + named === 0;
        if (!isClean && whole) await rewrite(warehouse, bronze, root, file, rows);
        else if (!isClean) await remove(warehouse, root, file);
        else if (!whole) erased.damaged.push(file.path);
        if (!isClean) erased.files += 1;
        erased.rows += theirs;
        erased.named += named;
        seen += 1;
      }
      await bronze.settle();
      onProgress({ part: 'registry in Bronze', files: seen, total });
    }
  } catch (error) {
    await bronze.discard();
    throw error;
  }
  return erased;
}

async function rewrite(
  warehouse: Warehouse,
  bronze: BronzeWriter,
  root: string,
  file: SnapshotFile,
  rows: RegistryRows,
): Promise<void> {
  const content = { hash: createHash('sha256'), bytes: 0 };
  const kept = counted(keptRows(judgedRows(root, file, rows)), content);
  await bronze.writeWith(file.path, async (draft) => {
    if (/\.gz$/i.test(file.path)) await pipeline(kept, createGzip(), (packed) => writeAll(draft, packed));
    else await writeAll(draft, kept);
  });
  const before = await digestOf(root, file);
  // Only if the file is what was landed; after a kill the ledger has it right already.
  await warehouse.query(
    `update staging.file set sha256 = $4, bytes = $5 where source = $1 and name = $2 and sha256 = $3`,
    [registry, file.name, before, content.hash.digest('hex'), content.bytes],
  );
}

/** The rows that stay, as a JSON array in the form that loads write. */
async function* keptRows(rows: AsyncIterable<JudgedRow>): AsyncGenerator<Buffer> {
  let kept = 0;
  for await (const { clean, isTheirs } of rows) {
    if (isTheirs) continue;
    yield Buffer.from(kept === 0 ? '[\n' : ',\n');
    yield clean;
    kept += 1;
  }
  yield Buffer.from(kept === 0 ? '[]\n' : '\n]\n');
}

/** Hashes and measures what passes by, and joins it into larger pieces. */
async function* counted(
  pieces: AsyncIterable<Buffer>,
  content: { readonly hash: Hash; bytes: number },
): AsyncGenerator<Buffer> {
  for await (const piece of inChunks(single(pieces))) {
    content.hash.update(piece);
    content.bytes += piece.length;
    yield piece;
  }
}

async function* single(pieces: AsyncIterable<Buffer>): AsyncGenerator<readonly Buffer[]> {
  for await (const piece of pieces) yield [piece];
}

async function writeAll(draft: Descriptor, pieces: AsyncIterable<Buffer>): Promise<void> {
  for await (const piece of pieces) await writeFully(draft, piece);
}

/** SHA-256 of a file, decompressed, as the ledger has it. */
async function digestOf(root: string, { path }: SnapshotFile): Promise<string> {
  const hash = createHash('sha256');
  const source = createReadStream(placeInBronze(root, path));
  await (/\.gz$/i.test(path) ? pipeline(source, createGunzip(), hash) : pipeline(source, hash));
  return hash.digest('hex');
}

async function remove(warehouse: Warehouse, root: string, { path, name }: SnapshotFile): Promise<void> {
  await warehouse.query('delete from staging.file where source = $1 and name = $2 and bronze_path = $3', [
    registry,
    name,
    path,
  ]);
  const folder = dirname(placeInBronze(root, path));
  await deleteFiles({ folder, names: [path.slice(path.lastIndexOf('/') + 1)] });
  await removeEmpty(root, folder);
}
