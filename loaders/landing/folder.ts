import { opendir } from 'node:fs/promises';
import { SourceError, systemCode } from './errors.ts';

/** @throws SourceError unless the folder can be listed. */
export async function assertFolder(folder: string, setting: 'SMB_PATH' | 'BRONZE_ROOT'): Promise<void> {
  try {
    await (await opendir(folder)).close();
  } catch (error) {
    const code = systemCode(error);
    const why =
      code === 'ENOENT'
        ? 'does not exist'
        : code === 'ENOTDIR'
          ? 'is not a folder'
          : code === 'EACCES' || code === 'EPERM'
            ? 'may not be read by this user'
            : `cannot be read (${code})`;
    throw new SourceError({
      what: `${setting} names the folder ${folder}, which ${why}`,
      hint:
        setting === 'SMB_PATH'
          ? 'Mount the network share there, or correct SMB_PATH (environment or .env).'
          : 'Correct BRONZE_ROOT (environment or .env).',
      cause: error,
    });
  }
}

/** Whether nothing at all is in a folder. Reads no more of it than it has to. */
export async function isEmptyFolder(folder: string): Promise<boolean> {
  const entries = await opendir(folder);
  try {
    return (await entries.read()) === null;
  } finally {
    await entries.close();
  }
}
