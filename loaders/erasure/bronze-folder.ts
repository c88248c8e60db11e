import { lstat, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LoadFailedError, systemCode, systemReason } from '../landing/errors.ts';
import { atOnce } from '../landing/in-order.ts';

/** A folder and the names of the files in it. */
export interface FolderFiles {
  readonly folder: string;
  readonly names: readonly string[];
}

const filesAtOnce = 16;

/** A folder and all below it, each before what is in it; nothing if it is not there. Links are not followed. */
export async function foldersBelow(folder: string): Promise<readonly FolderFiles[]> {
  const found: FolderFiles[] = [];
  const waiting = [folder];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const entries = await readdir(at, { withFileTypes: true }).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return [];
      throw failure(error);
    });
    found.push({ folder: at, names: entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name) });
    for (const entry of entries) if (entry.isDirectory()) waiting.push(join(at, entry.name));
  }
  return found;
}

/**
 * Deletes files of one folder. No error for those that are gone already.
 * @throws LoadFailedError, which names no file, if one cannot be deleted.
 */
export async function deleteFiles({ folder, names }: FolderFiles): Promise<void> {
  await atOnce(names, filesAtOnce, (name) => rm(join(folder, name), { force: true })).catch((error: unknown) => {
    throw failure(error);
  });
}

/** Removes folders that are empty, the last first; others, and a link to a folder elsewhere, stay. */
export async function removeEmptyFolders(folders: readonly FolderFiles[]): Promise<void> {
  for (const { folder } of folders.toReversed()) {
    const isFolder = (await lstat(folder).catch(() => undefined))?.isDirectory() === true;
    // Asked first: some systems say in words of their own that a folder is not empty.
    if (isFolder && (await readdir(folder)).length === 0) await rmdir(folder).catch(() => undefined);
  }
}

/** The system's error names the path, and with it the person. */
function failure(error: unknown): unknown {
  const code = systemCode(error);
  if (code === '') return error;
  return new LoadFailedError({
    what: `what is to be erased cannot be deleted from Bronze: ${systemReason(code)}`,
    hint: 'Check the permissions below BRONZE_ROOT and that no other program has its files open, then erase again: it goes on where it stopped.',
  });
}
