import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a file whole or not at all, so that two processes may do it at once, and its folder where that is not there.
 * @throws what the file system says; then nothing is left behind, if that can be.
 */
export function writeWhole(path: string, data: string | Uint8Array): void {
  const fresh = `${path}.${randomUUID()}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    // What templates make of the environment is for its user alone.
    writeFileSync(fresh, data, { mode: 0o600 });
    renameSync(fresh, path);
  } catch (error) {
    remove(fresh);
    throw error;
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Why it could not be written says more.
  }
}
