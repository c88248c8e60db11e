import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import glob from 'fast-glob';
import { createFolders } from '../../warehouse/make-folders.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { checkpoint } from '../housekeeping/alone.ts';
import { BronzeWriter } from '../landing/bronze.ts';
import { placeInBronze } from '../landing/bronze-files.ts';
import { inChunks } from '../landing/copy-text.ts';
import { writeFully } from '../landing/descriptor.ts';
import type { NoteCollector } from '../landing/summary.ts';
import { bronzeRows, NotATable } from '../registry/bronze.ts';
import { type RegistryTable, registryTables } from '../registry/mysql/tables.ts';
import { ledgerNameOf, readBronzePath, registry } from '../registry/stamp.ts';
import { linkTables, RegistryRows } from '../registry/subject-rows.ts';
import type { RegistryIds } from '../tombstones/registry-ids.ts';
import { ruleOf, type SubjectRule } from '../tombstones/rule.ts';
import { registryRows, type SubjectAct, type SubjectRequest } from './request.ts';

/** A table of a snapshot in Bronze, compressed or not. */
interface SnapshotFile {
  readonly table: RegistryTable;
  /** Relative to Bronze, with forward slashes. */
  readonly path: string;
  /** As the ledger names it. */
  readonly name: string;
}

/**
 * Counts, copies or deletes the subject's rows in the registry's snapshots in Bronze. A file with such rows is written anew with the
 * rows of others; a damaged one, which no load accepts, is not touched.
 * @param damaged collects the damaged files.
 * @returns how many rows.
 */
export async function visitSnapshots(
  on: Queryable,
  { bronzeRoot, subject, apartments, signal, onProgress }: SubjectRequest,
  ids: RegistryIds,
  act: SubjectAct,
  damaged: NoteCollector,
): Promise<number> {
  const bronze = new BronzeWriter(bronzeRoot);
  let count = 0;
  try {
    for (const files of await snapshotFiles(bronzeRoot)) {
      const rows = new RegistryRows(ruleOf(subject, apartments), ids);
      for (const file of files) {
        checkpoint(signal);
        const { own, damage } = await ownRows(bronzeRoot, file, rows);
        count += own.length;
        if (damage !== undefined) damaged.add([{ name: file.path, reason: damage }]);
        if (own.length === 0) continue;
        if (act.kind === 'export') await writeLines(join(act.folder, 'bronze'), file, own);
        if (act.kind === 'erase' && damage === undefined) await rewrite(on, bronze, bronzeRoot, file, rows);
      }
      await bronze.settle();
      onProgress?.(registryRows, count);
    }
  } catch (error) {
    await bronze.discard();
    throw error;
  }
  return count;
}

/** Adds to what the registry called the subject's buildings, rooms and devices all that snapshots in Bronze tell. */
export async function idsInBronze(root: string, rule: SubjectRule, before: RegistryIds): Promise<RegistryIds> {
  let known = before;
  for (const files of await snapshotFiles(root)) {
    const rows = new RegistryRows(rule, known);
    for (const file of files) if (linkTables.some((table) => table === file.table)) await ownRows(root, file, rows);
    known = rows.ids;
  }
  return known;
}

/** The files of each snapshot in Bronze, twins included, in the order in which rows lead to buildings. */
async function snapshotFiles(root: string): Promise<readonly (readonly SnapshotFile[])[]> {
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

/** The subject's rows of a file as JSON, and why it could not be read to its end. */
async function ownRows(
  root: string,
  { table, path }: SnapshotFile,
  rows: RegistryRows,
): Promise<{ readonly own: readonly string[]; readonly damage: string | undefined }> {
  const own: string[] = [];
  try {
    for await (const { json } of bronzeRows(placeInBronze(root, path)))
      if (rows.has(table, JSON.parse(json))) own.push(json);
    return { own, damage: undefined };
  } catch (error) {
    if (!(error instanceof NotATable)) throw error;
    return { own, damage: error.message };
  }
}

async function writeLines(folder: string, { path }: SnapshotFile, rows: readonly string[]): Promise<void> {
  const target = join(folder, ...path.replace(/\.json(?:\.gz)?$/i, '.jsonl').split('/'));
  await createFolders(dirname(target));
  await writeFile(
    target,
    rows.map((json) => `${json}\n`),
  );
}

/**
 * Writes a file anew with the rows of others, compressed if it was. The ledger is updated before the new file becomes visible: after
 * a kill in between, the next erasure writes the same.
 */
async function rewrite(
  on: Queryable,
  bronze: BronzeWriter,
  root: string,
  { table, path, name }: SnapshotFile,
  rows: RegistryRows,
): Promise<void> {
  const hash = createHash('sha256');
  let bytes = 0;
  const content = async function* (): AsyncGenerator<Buffer> {
    const ofOthers = async function* () {
      for await (const { json } of bronzeRows(placeInBronze(root, path)))
        if (!rows.has(table, JSON.parse(json))) yield json;
    };
    for await (const piece of inChunks(asArray(ofOthers()))) {
      hash.update(piece);
      bytes += piece.length;
      yield piece;
    }
  };
  await bronze.writeWith(path, async (draft) => {
    const write = async (pieces: AsyncIterable<Buffer>) => {
      for await (const piece of pieces) await writeFully(draft, piece);
    };
    if (/\.gz$/i.test(path)) await pipeline(content(), createGzip(), write);
    else await write(content());
  });
  const values = [registry, name, hash.digest('hex'), bytes];
  await on.query('update staging.file set sha256 = $3, bytes = $4 where source = $1 and name = $2', values);
}

/** Rows as a JSON array in the form that loads write. */
async function* asArray(rows: AsyncIterable<string>): AsyncGenerator<readonly Buffer[]> {
  let begin = '[\n';
  for await (const json of rows) {
    yield [Buffer.from(begin), Buffer.from(json)];
    begin = ',\n';
  }
  yield [Buffer.from(begin === '[\n' ? '[]\n' : '\n]\n')];
}
