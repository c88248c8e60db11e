import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { createFolders } from '../../warehouse/make-folders.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { checkpoint } from '../housekeeping/alone.ts';
import { BronzeWriter } from '../landing/bronze.ts';
import { inChunks } from '../landing/copy-text.ts';
import { writeFully } from '../landing/descriptor.ts';
import { registry } from '../registry/stamp.ts';
import { RegistryRows } from '../registry/subject-rows.ts';
import type { RegistryIds } from '../tombstones/registry-ids.ts';
import { ruleOf } from '../tombstones/rule.ts';
import { registryRows, type SubjectAct, type SubjectRequest } from './request.ts';
import { eachOwnRow, type SnapshotFile, snapshotFiles } from './snapshots.ts';

/**
 * Counts, copies or deletes the subject's rows in the registry's snapshots in Bronze, which have columns that staging has not. A
 * file with such rows is written anew with the rows of others; a damaged one, which no load accepts, is not touched.
 * @returns how many rows, and the paths of damaged files.
 */
export async function visitRegistryFiles(
  on: Queryable,
  { bronzeRoot, subject, apartments, signal, onProgress }: SubjectRequest,
  ids: RegistryIds,
  act: SubjectAct,
): Promise<{ readonly count: number; readonly damaged: readonly string[] }> {
  const bronze = new BronzeWriter(bronzeRoot);
  const damaged: string[] = [];
  let count = 0;
  try {
    for await (const files of snapshotFiles(bronzeRoot)) {
      const rows = new RegistryRows(ruleOf(subject, apartments), ids);
      for (const file of files) {
        checkpoint(signal);
        const own: string[] = [];
        const isWhole = await eachOwnRow(file, rows, ({ json }) => own.push(`${json}\n`));
        count += own.length;
        if (!isWhole) damaged.push(file.path);
        if (own.length > 0 && act.kind === 'export') await writeLines(act.folder, file, own);
        if (own.length > 0 && act.kind === 'erase' && isWhole) await rewrite(on, bronze, file, rows);
      }
      await bronze.settle();
      onProgress?.(registryRows, count);
    }
  } catch (error) {
    await bronze.discard();
    throw error;
  }
  return { count, damaged };
}

/** A copy is the rows as JSON lines: `<folder>/registry/2023/11/01/20231101T080000Z/rooms.jsonl`. */
async function writeLines(folder: string, { path }: SnapshotFile, lines: readonly string[]): Promise<void> {
  const target = join(folder, path.replace(/\.json(?:\.gz)?$/i, '.jsonl'));
  await createFolders(dirname(target));
  await writeFile(target, lines, { mode: 0o600 });
}

/**
 * Writes a file anew with the rows of others, compressed if it was. The ledger is updated before the new file becomes visible: after
 * a kill in between, the next erasure writes the same.
 */
async function rewrite(on: Queryable, bronze: BronzeWriter, file: SnapshotFile, subject: RegistryRows): Promise<void> {
  const { path, name } = file;
  const hash = createHash('sha256');
  let bytes = 0;
  const content = async function* (): AsyncGenerator<Buffer> {
    for await (const piece of inChunks(othersAsArray(file, subject))) {
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

/** The rows of others as a JSON array in the form that loads write. */
async function* othersAsArray({ table, rows }: SnapshotFile, subject: RegistryRows): AsyncGenerator<readonly Buffer[]> {
  let begin = '[\n';
  for await (const { json } of rows()) {
    if (subject.has(table, JSON.parse(json))) continue;
    yield [Buffer.from(begin), Buffer.from(json)];
    begin = ',\n';
  }
  yield [Buffer.from(begin === '[\n' ? '[]\n' : '\n]\n')];
}
