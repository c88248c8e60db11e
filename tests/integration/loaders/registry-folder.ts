import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { manifestOf, manifestPathOf } from '../../../loaders/registry/manifest.ts';
import { registryTable } from '../../../loaders/registry/mysql/tables.ts';
import { bronzePathOf, stampOf } from '../../../loaders/registry/stamp.ts';
import { type Cell, type PidbTable, readTables } from '../../fixtures/pidb.ts';

/** Writes a snapshot of the fixture into Bronze as a load would; returns its stamp. */
export async function writeSnapshot(
  bronzeRoot: string,
  time: Date,
  tables: readonly PidbTable[] = readTables,
  compressed = false,
): Promise<string> {
  const stamp = stampOf(time);
  for (const { name, columns, rows } of tables) {
    const table = registryTable(name);
    if (table === undefined) throw new Error(`${name} is not read`);
    const records = rows.map(
      (row) => `{${row.map((cell, index) => `${JSON.stringify(columns[index]?.[0])}:${jsonOf(cell)}`).join(',')}}`,
    );
    const content = Buffer.from(records.length === 0 ? '[]\n' : `[\n${records.join(',\n')}\n]\n`);
    const path = join(bronzeRoot, ...bronzePathOf(stamp, table).split('/')) + (compressed ? '.gz' : '');
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, compressed ? gzipSync(content) : content);
  }
  const manifest = join(bronzeRoot, ...manifestPathOf(stamp).split('/'));
  await writeFile(
    manifest,
    manifestOf(
      time,
      tables.map(({ name }) => ({ name: `${name}.json` })),
    ),
  );
  return stamp;
}

function jsonOf(cell: Cell): string {
  if (Buffer.isBuffer(cell)) return JSON.stringify(`0x${cell.toString('hex')}`);
  return typeof cell === 'bigint' ? String(cell) : JSON.stringify(cell);
}
