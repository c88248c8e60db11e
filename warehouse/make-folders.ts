import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/*
 * Step by step, since Node's own recursive mkdir never ends where a parent is there and nothing can be created in it, as
 * in /proc. Several at once may create the same folders.
 */

/** What is kept in them is for the user who runs the program alone, whatever the umask is. */
const mode = 0o700;

/**
 * Creates a folder and those above it that are missing.
 * @returns the folder, or undefined if it was there.
 * @throws the system's error if it cannot be created.
 */
export async function createFolders(folder: string): Promise<string | undefined> {
  const parent = dirname(folder);
  const first = await createFolder(folder);
  if (first !== 'no parent' || parent === folder) return first === 'created' ? folder : undefined;
  await createFolders(parent);
  if ((await createFolder(folder)) !== 'no parent') return folder;
  // With the parent there, that is the answer.
  await mkdir(folder, { mode });
  return folder;
}

async function createFolder(folder: string): Promise<'created' | 'there' | 'no parent'> {
  try {
    await mkdir(folder, { mode });
    return 'created';
  } catch (error) {
    if (isMissing(error)) return 'no parent';
    if ((await stat(folder).catch(() => undefined))?.isDirectory() === true) return 'there';
    throw error;
  }
}

/** As {@link createFolders}, at once. @throws the system's error if it cannot be created. */
export function createFoldersSync(folder: string): void {
  if (isFolder(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) createFoldersSync(parent);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    // Another process may have created it first.
    if (!isFolder(folder)) throw error;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
