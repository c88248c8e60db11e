import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { DatacycleError } from './errors.ts';
import { isRunning, numberSpace, processIdentity } from './process-identity.ts';

/** How often a holder touches its lock file, and how long an untouched one is watched before it is taken over, in milliseconds. */
const touchMs = 2000;
const untouchedMs = 10_000;

/** What a lock file says: JSON, of version 2. Earlier ones hold a process number and words. */
interface Holder {
  readonly pid: number;
  /** What it is, in words. */
  readonly name: string;
  readonly host: string;
  /** Where its number means this process; undefined where the system does not say. */
  readonly space?: string | undefined;
  readonly identity?: string | undefined;
}

/** Another process has the folder. */
export class FolderInUse extends DatacycleError {
  /** That process, in words. */
  readonly holder: string;

  constructor(holder: string, parts: ConstructorParameters<typeof DatacycleError>[0]) {
    super(parts);
    this.holder = holder;
  }
}

/** The lock files that this process holds. */
const held = new Set<string>();

/**
 * Takes a folder for this process by a lock file beside it (`<folder>.lock`), because two processes writing one
 * embedded database destroy it. A lock whose process is gone is taken over: on the same machine a process is identified by its
 * number and its start; in another container or on another machine it is alive if it still touches its file.
 * @param holder what to tell others that want the folder.
 * @returns a function that gives it back.
 * @throws FolderInUse naming the holder and the file while another process has the folder.
 */
export async function lockFolder(folder: string, holder: string): Promise<() => void> {
  const file = resolve(`${folder}.lock`);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      const handle = openSync(file, 'wx');
      const space = numberSpace();
      const mine: Holder = {
        pid: process.pid,
        name: holder,
        host: hostname(),
        space,
        identity: processIdentity(process.pid),
      };
      writeSync(handle, `${JSON.stringify(mine)}\n`);
      closeSync(handle);
      return keep(file);
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error;
      const seen = look(file);
      if (seen === undefined) continue;
      if (await isHeld(file, seen)) throw inUse(folder, file, seen.text);
      removeStale(file, seen, folder);
    }
  }
  throw new DatacycleError({ what: `cannot take the lock file ${file}`, hint: 'Delete it if no datacycle runs.' });
}

/** Touches the file, from a thread of its own: a long statement of the embedded database holds this one up. */
function keep(file: string): () => void {
  held.add(file);
  const touching = new Worker(
    `const { workerData } = require('node:worker_threads');
const { utimesSync } = require('node:fs');
setInterval(() => { try { const now = new Date(); utimesSync(workerData.file, now, now); } catch {} }, workerData.touchMs);`,
    { eval: true, workerData: { file, touchMs }, stdout: true, stderr: true, env: {}, execArgv: [] },
  );
  touching.unref();
  const remove = () => {
    held.delete(file);
    rmSync(file, { force: true });
  };
  process.once('exit', remove);
  return () => {
    process.removeListener('exit', remove);
    void touching.terminate();
    remove();
  };
}

interface Seen {
  readonly text: string;
  readonly touched: number;
}

/** Undefined where it has been released in the meantime. */
function look(file: string): Seen | undefined {
  try {
    return { text: readFileSync(file, 'utf8').trim(), touched: statSync(file).mtimeMs };
  } catch {
    return undefined;
  }
}

/** Whether the process that wrote the file still has the folder. */
async function isHeld(file: string, seen: Seen): Promise<boolean> {
  if (held.has(file)) return true;
  const age = Date.now() - seen.touched;
  // Its owner has not written yet what it is.
  if (seen.text === '') return age < untouchedMs;
  const { pid, host, space, identity } = holderOf(seen.text);
  const here = numberSpace();
  if (here !== undefined && space === here) return identity !== undefined && processIdentity(pid) === identity;
  // The same machine, but started anew since.
  if (here !== undefined && space !== undefined && host === hostname() && bootOf(space) !== bootOf(here)) return false;
  if (space === undefined && (host === '' || host === hostname()) && (pid === process.pid || !isRunning(pid)))
    return false;
  // An earlier version touches nothing.
  if (host === '') return true;
  const hasOurClock = here !== undefined && space !== undefined && bootOf(space) === bootOf(here);
  return hasOurClock && age > untouchedMs ? false : isTouched(file, seen);
}

/** Whether a process touches the file. The clocks of two machines differ, so its time is only compared with itself. */
async function isTouched(file: string, seen: Seen): Promise<boolean> {
  for (let waited = 0; waited < untouchedMs; waited += touchMs / 2) {
    await sleep(touchMs / 2);
    const now = look(file);
    if (now === undefined) return false;
    if (now.touched !== seen.touched || now.text !== seen.text) return true;
  }
  return false;
}

function holderOf(text: string): Holder {
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read === 'object' && read !== null && 'pid' in read && 'host' in read) return read as Holder;
  } catch {
    // Read below.
  }
  const [, pid = '0', name = text] = /^(\d+) (.*)$/s.exec(text) ?? [];
  return { pid: Number(pid), name, host: '' };
}

function bootOf(space: string): string {
  return space.split(' ')[0] ?? '';
}

function inUse(folder: string, file: string, text: string): FolderInUse {
  const { pid, name } = holderOf(text);
  const who = text === '' ? 'a process that is just starting' : `${name} (process ${pid})`;
  return new FolderInUse(who, {
    what: `the embedded database in ${folder} is in use by ${who}`,
    hint: `Wait until it is done; for several users at once set DB_URL to a PostgreSQL server. If no datacycle runs there, delete ${file}.`,
  });
}

/** Removes the lock of a dead process; a lock that another process has taken since it was read is put back. */
function removeStale(file: string, seen: Seen, folder: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const taken = look(aside);
  if (taken === undefined || taken.text === seen.text) {
    rmSync(aside, { force: true });
    return;
  }
  renameSync(aside, file);
  throw inUse(folder, file, taken.text);
}
