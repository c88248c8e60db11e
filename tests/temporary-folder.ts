import { accessSync, chmodSync, constants, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';

/** Linux keeps what is written here in memory. */
const inMemory = '/dev/shm';
const prefix = 'datacycle-tests-';

/** What the whole run writes at the same time takes less than 2 GB; as much again is for the programs. In bytes. */
const needed = 4 * 1024 ** 3;

/**
 * Gives the whole test run a temporary folder in memory where the machine has one with room: the tests write and delete
 * hundreds of thousands of small files, databases among them, and none of these has to survive the machine. What is to
 * outlive the run finds the ordinary folder in TEST_LASTING_FOLDER.
 */
export default function setup(): (() => void) | undefined {
  const lasting = tmpdir();
  process.env.TEST_LASTING_FOLDER = lasting;
  if (!hasRoom()) return undefined;
  removeAbandoned();
  const folder = mkdtempSync(join(inMemory, `${prefix}${process.pid}-`));
  // Servers run as another user, and write temporary files of their own.
  chmodSync(folder, 0o1777);
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  return () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(folder, { recursive: true, force: true });
  };
}

function hasRoom(): boolean {
  // A folder for temporary files that was asked for is taken.
  if (process.platform !== 'linux' || process.env.TMPDIR) return false;
  try {
    accessSync(inMemory, constants.W_OK);
    const { bavail, bsize } = statfsSync(inMemory);
    return bavail * bsize >= needed && freemem() >= needed;
  } catch {
    return false;
  }
}

/** Takes away the folders of runs that were killed: nothing else frees their memory. */
function removeAbandoned(): void {
  for (const name of readdirSync(inMemory)) {
    const owner = name.startsWith(prefix) ? Number(name.slice(prefix.length).split('-')[0]) : Number.NaN;
    if (Number.isNaN(owner) || isAlive(owner)) continue;
    try {
      rmSync(join(inMemory, name), { recursive: true, force: true });
    } catch {
      // Something that the killed run had started still writes there, or another run takes it away as well: the next one sees to it.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
