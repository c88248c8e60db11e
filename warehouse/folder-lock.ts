import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
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
  for (let attempt = 0; attempt < 2; attempt += 1) {
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
      const content = readFileSync(file, { encoding: 'utf8', flag: 'a+' });
      const pid = Number.parseInt(content, 10);
      if (isRunning(pid)) {
        throw new DatacycleError({
          what: `the embedded database in ${folder} is in use by ${content.slice(String(pid).length).trim()} (process ${pid})`,
          hint: 'Wait until it is done; for several users at once set DB_URL to a PostgreSQL server.',
        });
      }
      rmSync(file, { force: true });
    }
  }
  throw new DatacycleError({ what: `cannot take the lock file ${file}`, hint: 'Delete it if no datacycle runs.' });
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
