import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { DatacycleError } from './errors.ts';

/**
 * Takes a folder for this process by a lock file beside it (`<folder>.lock`), because two processes writing one
 * embedded database destroy it. A lock whose process is gone is taken over.
 * @param holder what to tell others that want the folder.
 * @returns a function that gives it back.
 * @throws DatacycleError naming the holder while another process has the folder.
 */
export function lockFolder(folder: string, holder: string): () => void {
  const file = `${folder}.lock`;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      const handle = openSync(file, 'wx');
      writeSync(handle, `${process.pid} ${holder}\n`);
      closeSync(handle);
      const unlock = () => rmSync(file, { force: true });
      process.once('exit', unlock);
      return () => {
        process.removeListener('exit', unlock);
        unlock();
      };
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error;
      const found = contentOf(file);
      if (found === undefined) continue;
      const pid = Number.parseInt(found, 10);
      if (found === justTaken || isRunning(pid)) throw inUse(folder, found);
      removeStale(file, found, folder);
    }
  }
  throw new DatacycleError({ what: `cannot take the lock file ${file}`, hint: 'Delete it if no datacycle runs.' });
}

/** Stands in for the content of a lock that its owner has not written yet. */
const justTaken = 'another process that is just starting';
const startingMs = 10_000;

function contentOf(file: string): string | undefined {
  try {
    const text = readFileSync(file, 'utf8').trim();
    if (text !== '') return text;
    return Date.now() - statSync(file).mtimeMs < startingMs ? justTaken : '0 a process that died';
  } catch {
    // Given back in the meantime.
    return undefined;
  }
}

function inUse(folder: string, holder: string): DatacycleError {
  const [, pid, name] = /^(\d+) (.*)$/s.exec(holder) ?? [];
  const who = pid === undefined ? holder : `${name} (process ${pid})`;
  return new DatacycleError({
    what: `the embedded database in ${folder} is in use by ${who}`,
    hint: 'Wait until it is done; for several users at once set DB_URL to a PostgreSQL server.',
  });
}

/** Removes the lock of a dead process; a lock that another process has taken since it was read is put back. */
function removeStale(file: string, seen: string, folder: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const taken = contentOf(aside);
  if (taken === undefined || taken === seen) {
    rmSync(aside, { force: true });
    return;
  }
  renameSync(aside, file);
  throw inUse(folder, taken);
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  if (pid === process.pid) return true;
  try {
    // Signal 0 only asks whether the process exists; Node does the same on Windows.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
