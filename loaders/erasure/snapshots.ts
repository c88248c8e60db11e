import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import glob from 'fast-glob';
import type { Queryable } from '../../warehouse/warehouse.ts';
import type { BronzeWriter } from '../landing/bronze.ts';
import { placeInBronze } from '../landing/bronze-files.ts';
import { inChunks } from '../landing/copy-text.ts';
import { writeFully } from '../landing/descriptor.ts';
import { bronzeRows, NotATable } from '../registry/bronze.ts';
import { ledgerNameOf, readBronzePath, registry } from '../registry/stamp.ts';
import { RegistryRows } from '../registry/subject-rows.ts';
import { type RegistryTable, registryTables } from '../registry/tables.ts';
import { type RegistryIds, unionOf } from '../tombstones/registry-ids.ts';
import type { SubjectRule } from '../tombstones/rule.ts';
import { deleteFiles } from './sensor-files.ts';
import { linkTables } from './staging-rows.ts';

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

/** The rows of a file as JSON, the subject's or those of others. @throws NotATable if it is not a whole JSON array of objects. */
export async function* rowsOf(
  root: string,
  { table, path }: SnapshotFile,
  rows: RegistryRows,
  whose: 'theirs' | 'of others',
): AsyncGenerator<string> {
  for await (const { json } of bronzeRows(placeInBronze(root, path)))
    if (rows.has(table, JSON.parse(json)) === (whose === 'theirs')) yield json;
}

/** How many rows of a file are the subject's, and why it could not be read to its end. */
export async function countOwn(
  root: string,
  file: SnapshotFile,
  rows: RegistryRows,
): Promise<{ readonly rows: number; readonly damage: string | undefined }> {
  let count = 0;
  try {
    for await (const _ of rowsOf(root, file, rows, 'theirs')) count += 1;
    return { rows: count, damage: undefined };
  } catch (error) {
    if (!(error instanceof NotATable)) throw error;
    return { rows: count, damage: error.message };
  }
}

/** Adds to what the registry called the subject's buildings, rooms and devices all that snapshots in Bronze tell. */
export async function idsInBronze(root: string, rule: SubjectRule, before: RegistryIds): Promise<RegistryIds> {
  let known = before;
  for (const files of await snapshotFiles(root)) {
    const rows = new RegistryRows(rule, [known]);
    for (const file of files) if (linkTables.includes(file.table)) await countOwn(root, file, rows);
    known = unionOf([known, rows.ids]);
  }
  return known;
}

/**
 * Removes the subject's rows from one file of the registry. A file without such rows is not touched. Any other is rewritten with the
 * rows of others, compressed if it was, and the ledger is updated before the new file becomes visible: after a kill in between, the
 * next erasure writes the same. A damaged file, which no load accepts, is deleted if any of its rows is the subject's.
 * @param bronze settled by the caller. @returns how many rows were removed, and whether a damaged file stays.
 */
export async function eraseFromFile(
  on: Queryable,
  bronze: BronzeWriter,
  root: string,
  file: SnapshotFile,
  rows: RegistryRows,
): Promise<{ readonly rows: number; readonly isDamaged: boolean }> {
  const own = await countOwn(root, file, rows);
  if (own.rows === 0) return { rows: 0, isDamaged: own.damage !== undefined };
  const ledger = 'source = $1 and name = $2 and bronze_path = $3';
  if (own.damage !== undefined) {
    await on.query(`delete from staging.file where ${ledger}`, [registry, file.name, file.path]);
    const folder = dirname(placeInBronze(root, file.path));
    await deleteFiles(root, { folder, names: [file.path.slice(file.path.lastIndexOf('/') + 1)] });
    return { rows: own.rows, isDamaged: false };
  }
  const hash = createHash('sha256');
  let bytes = 0;
  const content = async function* (): AsyncGenerator<Buffer> {
    for await (const piece of inChunks(asArray(rowsOf(root, file, rows, 'of others')))) {
      hash.update(piece);
      bytes += piece.length;
      yield piece;
    }
  };
  await bronze.writeWith(file.path, async (draft) => {
    const write = async (pieces: AsyncIterable<Buffer>) => {
      for await (const piece of pieces) await writeFully(draft, piece);
    };
    if (/\.gz$/i.test(file.path)) await pipeline(content(), createGzip(), write);
    else await write(content());
  });
  await on.query('update staging.file set sha256 = $3, bytes = $4 where source = $1 and name = $2', [
    registry,
    file.name,
    hash.digest('hex'),
    bytes,
  ]);
  return { rows: own.rows, isDamaged: false };
}

/** Rows as a JSON array in the form that loads write. */
async function* asArray(rows: AsyncIterable<string>): AsyncGenerator<readonly Buffer[]> {
  let count = 0;
  for await (const json of rows) {
    yield [Buffer.from(count === 0 ? '[\n' : ',\n'), Buffer.from(json)];
    count += 1;
  }
  yield [Buffer.from(count === 0 ? '[]\n' : '\n]\n')];
}
