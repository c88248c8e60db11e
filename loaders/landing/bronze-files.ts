import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { SourceError, systemCode } from './errors.ts';
import { assertFolder } from './folder.ts';
import { isCompressed } from './ledger-name.ts';
import type { RemoteBronze } from './remote/remote-bronze.ts';
import type { SourceName } from './summary.ts';

/** Where a file of the ledger is on the disk. @throws SourceError if that is outside Bronze. */
export function placeInBronze(root: string, path: string): string {
  const base = resolve(root);
  const place = join(base, ...path.split('/'));
  if (place.startsWith(base.endsWith(sep) ? base : base + sep)) return place;
  throw new SourceError({
    what: `the ledger names the file ${path}, which is not below BRONZE_ROOT`,
    hint: 'staging.file was changed by hand: correct bronze_path there.',
  });
}

/** The same file compressed, or not compressed. */
export function twinOf(path: string): string {
  return isCompressed(path) ? path.slice(0, -3) : `${path}.gz`;
}

/** Where the copy of a file is, as the ledger says; undefined if it does not know the file, or has no copy of it. */
export async function ledgerPath(on: Queryable, source: SourceName, name: string): Promise<string | undefined> {
  const { rows } = await on.query<{ path: string | null }>(
    'select bronze_path as path from staging.file where source = $1 and name = $2',
    [source, name],
  );
  return rows[0]?.path ?? undefined;
}

/** Of these paths, and of the same files compressed or not, those that Bronze has. @throws SourceError for one outside. */
export async function copiesAmong(root: string, paths: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of new Set(paths.flatMap((one) => [one, twinOf(one)])))
    if ((await sizeOf(placeInBronze(root, path))) !== undefined) found.push(path);
  return found;
}

/** Size in bytes; undefined if there is no such file. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error))) return undefined;
    throw error;
  }
}

/** Lies in Bronze while files of the source go whose rows in the ledger still name them: a kill may leave rows without files. */
export function pruningMark(root: string, source: SourceName): string {
  return join(root, `.pruning-${source}`);
}

/**
 * Checks that the folder is the Bronze of this ledger: on a share that is not mounted, files only seem to be missing.
 * @param example whether the error may name one of the files, and with it a person.
 * @param remote where files are, too, or all of them.
 * @throws SourceError if the folder cannot be listed, or has none of the newest files that it should have.
 */
export async function assertBronze(
  on: Queryable,
  root: string,
  source: SourceName,
  example = true,
  remote?: RemoteBronze | undefined,
): Promise<void> {
  if (remote === undefined) await assertFolder(root, 'BRONZE_ROOT');
  const { rows } = await on.query<{ path: string }>(
    `select bronze_path as path from staging.file
     where source = $1 and bronze_path is not null
     order by load_id desc, file_id desc limit 20`,
    [source],
  );
  for (const { path } of rows) {
    const place = placeInBronze(root, path);
    if ((await sizeOf(place)) !== undefined || (await sizeOf(placeInBronze(root, twinOf(path)))) !== undefined) return;
  }
  const first = rows[0];
  for (const { path } of rows) if ((await remote?.sizeOf(path)) !== undefined) return;
  if (first === undefined || (await sizeOf(pruningMark(root, source))) !== undefined) return;
  throw new SourceError({
    what: `BRONZE_ROOT names the folder ${root}, which has none of the newest files of ${source}${example ? `, e.g. ${first.path}` : ''}`,
    hint: 'Mount the share there, or correct BRONZE_ROOT (environment or .env). Nothing was touched.',
  });
}

/** Deletes a file, plain and compressed. It is no error if neither exists. */
export async function removeFile(place: string): Promise<void> {
  await rm(place, { force: true });
  await rm(twinOf(place), { force: true });
}

/** Removes a folder of Bronze, and those above it, as long as they are empty. */
export async function removeEmpty(root: string, folder: string): Promise<void> {
  const base = resolve(root);
  for (let at = folder; at !== base && at.startsWith(base); at = dirname(at)) {
    try {
      // Asked first: some systems remove a folder that is not empty, or say so in words of their own.
      if ((await readdir(at)).length > 0) return;
      await rmdir(at);
    } catch {
      return;
    }
  }
}
