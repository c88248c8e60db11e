import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { systemCode } from '../landing/errors.ts';
import { type RegistryTable, registryTable } from './mysql/tables.ts';
import { bronzeFolderOf } from './stamp.ts';

/** The file in the folder of a snapshot that names its tables. It becomes visible last, so a folder that has it is whole. */
export const manifestName = 'snapshot.json';

/** A manifest has some 200 bytes; what is larger is something else and is not read. */
const maxBytes = 16_384;

const unpack = promisify(gunzip);

/** Where the manifest of a snapshot goes in Bronze. */
export function manifestPathOf(stamp: string): string {
  return `${bronzeFolderOf(stamp)}/${manifestName}`;
}

/** Whether a file name is that of a manifest, maybe compressed. */
export function isManifest(fileName: string): boolean {
  return /^snapshot\.json(?:\.gz)?$/i.test(fileName);
}

/** The content of a manifest. @param files named as in the ledger. */
export function manifestOf(time: Date, files: readonly { readonly name: string }[]): Buffer {
  const tables = files.map(({ name }) => name.replace(/^.*\/|\.json$/g, ''));
  return Buffer.from(`${JSON.stringify({ taken_at: time.toISOString(), tables })}\n`);
}

/** The tables of a snapshot according to its manifest; undefined if the file is missing or no manifest. */
export async function readManifest(file: string): Promise<readonly RegistryTable[] | undefined> {
  try {
    const { size } = await stat(file);
    if (size > maxBytes) return undefined;
    const bytes = await readFile(file);
    const text = /\.gz$/i.test(file) ? await unpack(bytes, { maxOutputLength: maxBytes }) : bytes;
    return tablesIn(JSON.parse(text.toString('utf8')));
  } catch (error) {
    const isOfContent = error instanceof SyntaxError || /^(?:ENOENT|Z_|ERR_)/.test(systemCode(error));
    if (isOfContent) return undefined;
    throw error;
  }
}

/** Removes a manifest whose tables are all deleted. Never throws: a manifest that is left does no harm. */
export async function removeLoneManifest(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  if (!names.every(isManifest)) return;
  for (const name of names) await rm(join(folder, name), { force: true }).catch(() => undefined);
}

/** Tables that are no longer read do not count. */
function tablesIn(value: unknown): readonly RegistryTable[] | undefined {
  if (typeof value !== 'object' || value === null || !('tables' in value) || !Array.isArray(value.tables)) {
    return undefined;
  }
  return value.tables.flatMap((name: unknown) => registryTable(String(name)) ?? []);
}
