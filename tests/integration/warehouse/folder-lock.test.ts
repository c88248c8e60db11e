import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockFolder } from '../../../warehouse/folder-lock.ts';
import { isRunning, numberSpace, processIdentity } from '../../../warehouse/process-identity.ts';

describe('the lock of the embedded database', () => {
  let root: string;
  let folder: string;
  let file: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'datacycle-lock-'));
    folder = join(root, 'db');
    file = `${folder}.lock`;
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const written = (holder: object | string, secondsAgo = 0) => {
    writeFileSync(file, typeof holder === 'string' ? holder : JSON.stringify(holder));
    const then = new Date(Date.now() - secondsAgo * 1000);
    utimesSync(file, then, then);
  };
  const takenOver = async () => {
    const unlock = await lockFolder(folder, 'datacycle test');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ pid: process.pid, name: 'datacycle test' });
    unlock();
    expect(existsSync(file)).toBe(false);
  };

  it('has one holder, which is named with the file that says so', async () => {
    const unlock = await lockFolder(folder, 'datacycle test');
    await expect(lockFolder(folder, 'datacycle other')).rejects.toMatchObject({
      message: `the embedded database in ${folder} is in use by datacycle test (process ${process.pid})`,
      hint: expect.stringContaining(`delete ${file}`),
    });
    unlock();
    await takenOver();
  });

  it('of an earlier version is not held by its own number: each time it is the first process of its container', async () => {
    written(`${process.pid} datacycle run\n`);
    await takenOver();
  });

  describe.skipIf(process.platform === 'win32')('by what it says of its holder', () => {
    const space = numberSpace();
    const name = 'datacycle run';

    it('is held by a process that runs, however long ago it was touched', async () => {
      const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
      const pid = other.pid ?? 0;
      try {
        written({ pid, name, host: hostname(), space, identity: processIdentity(pid) }, 3600);
        await expect(lockFolder(folder, 'datacycle test')).rejects.toThrow(`in use by ${name} (process ${pid})`);
        // The same number, given to a process that was started later.
        written({ pid, name, host: hostname(), space, identity: `${processIdentity(pid)}0` });
        await takenOver();
      } finally {
        other.kill();
      }
    });

    it('is not held by a process that has ended and that its parent never asks about', async () => {
      const script = 'exec 3<&0; sh -c "read line" <&3 & echo $!; exec sleep 100';
      const parent = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
      try {
        const [said] = await once(parent.stdout, 'data');
        const pid = Number(String(said));
        written({ pid, name, host: hostname(), space, identity: processIdentity(pid) });
        await expect(lockFolder(folder, 'datacycle test')).rejects.toThrow(`in use by ${name} (process ${pid})`);
        parent.stdin.end('\n');
        await expect.poll(() => processIdentity(pid)).toBeUndefined();
        expect(isRunning(pid)).toBe(false);
        await takenOver();
      } finally {
        parent.kill();
      }
    });

    it('is not held by its own number with another start', async () => {
      written({ pid: process.pid, name, host: hostname(), space, identity: 'earlier' });
      await takenOver();
    });

    it.skipIf(process.platform !== 'linux')('is not held once the machine was started anew', async () => {
      written({
        pid: process.pid,
        name,
        host: hostname(),
        space: `other ${space?.split(' ')[1]}`,
        identity: 'earlier',
      });
      await takenOver();
    });

    it.skipIf(process.platform !== 'linux')('of another container is held while a process touches it', async () => {
      const away = { pid: 1, name, host: 'container', space: `${space?.split(' ')[0]} pid:[1]`, identity: 'other' };
      written(away, 60);
      await takenOver();
      written(away);
      const touching = setInterval(() => utimesSync(file, new Date(), new Date()), 300);
      await expect(lockFolder(folder, 'datacycle test')).rejects.toThrow(`in use by ${name} (process 1)`);
      clearInterval(touching);
    });
  });

  it('is touched while it is held, also while this thread is busy', async () => {
    const unlock = await lockFolder(folder, 'datacycle test');
    const before = statSync(file).mtimeMs;
    // As a long statement of the embedded database does.
    const until = Date.now() + 60_000;
    while (Date.now() < until && statSync(file).mtimeMs === before);
    expect(statSync(file).mtimeMs).toBeGreaterThan(before);
    unlock();
  });
});
