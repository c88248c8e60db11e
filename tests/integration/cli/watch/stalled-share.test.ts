import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadSensors } from '../../../../loaders/sensors/load-sensors.ts';
import { type Reach, ShareAccess } from '../../../../loaders/sensors/share-access.ts';
import { bundled } from '../../bundled.ts';
import { oneDatabase, type TestDatabase } from '../../databases.ts';
import { SensorShare } from '../../loaders/sensor-share.ts';
import { SmallWatch } from './small-project.ts';

/** Whoever opens a named pipe that nobody writes into hangs in the kernel, as on a share whose server is gone. */
describe.skipIf(process.platform === 'win32').each(oneDatabase)('a share that hangs, on $name', (kind) => {
  let db: TestDatabase;
  let share: SensorShare;
  let pipe: string;
  let isStalled: boolean;
  beforeEach(async () => {
    db = await kind.open();
    share = await SensorShare.create();
    pipe = join(share.folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    isStalled = false;
  });
  afterEach(async () => {
    answer();
    await expect.poll(() => ShareAccess.hanging).toBe(0);
    await db.drop();
    await share.remove();
  });

  /** Lets whatever hangs go on. */
  const answer = () => {
    isStalled = false;
    try {
      closeSync(openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK));
    } catch {
      // Nothing hangs.
    }
  };
  /** A call that is to hang is given up soon; the others may take as long as a busy machine takes. */
  const through = (): Reach => {
    const hasty = new ShareAccess(share.source.share, 300);
    const patient = new ShareAccess(share.source.share, 60_000);
    return (work) => {
      if (!isStalled) return patient.reach(work);
      return hasty.reach(async (call) => {
        await (await open(pipe, 'r')).close();
        return work(call);
      });
    };
  };

  it('is reported once, keeps the watcher from nothing else, and is loaded from at the next check after it is back', async () => {
    const reach = through();
    const now = new Date('2023-08-24T00:30:00Z');
    let registryLoads = 0;
    const small = new SmallWatch({
      warehouse: db.warehouse,
      folder: share.folder,
      now,
      env: { INTERVAL_SECS: '15' },
      sensors: (warehouse, _project, options) => loadSensors(warehouse, { ...share.source, reach }, options),
      registry: async () => {
        registryLoads += 1;
        return 0;
      },
    });
    try {
      await share.add(0, 1);
      await small.check();
      expect(small.said().map(({ event }) => event)).toContain('landed');
      await share.add(2);
      isStalled = true;
      const loadsBefore = registryLoads;
      await small.check();
      small.now = new Date(now.getTime() + 24 * 60 * 60_000);
      await small.check();
      const told = small.said().filter(({ event }) => event === 'sensors failed');
      expect(told.map(({ text }) => text)).toEqual([
        `sensors: SMB_PATH names the folder ${share.source.share}, which has not answered for 0.3 s: the share hangs. It is tried again at every check.`,
      ]);
      // What does not need the share went on, files on the disk included.
      expect(registryLoads).toBe(loadsBefore + 1);
      expect(await readFile(join(small.project.root, 'project.yml'), 'utf8')).toContain('name: small');
      expect(small.watcher.conditions.failing().get('sensors')?.count).toBeGreaterThan(1);
      answer();
      await expect.poll(() => ShareAccess.hanging).toBe(0);
      small.now = now;
      await small.check();
      const events = small.said().map(({ event }) => event);
      expect(events).toContain('sensors recovered');
      expect(events).toContain('landed');
      const { rows } = await db.warehouse.query(`select count(*)::int as n from staging.sensor_file`);
      expect(rows).toEqual([{ n: 6 }]);
    } finally {
      small.dispose();
    }
  });

  it.each(['listed', 'asked for the next names', 'read'])('when its files are %s', async (moment) => {
    await share.add(0);
    const load = (reach: Reach, mode: 'new' | 'full') =>
      loadSensors(db.warehouse, { ...share.source, reach }, { mode, clock: () => new Date('2023-08-24T00:30:00Z') });
    await load(through(), 'full');
    await share.add(1);
    const reach = through();
    let calls = 0;
    // After the folder was opened, and after it was read to its end.
    const after = moment === 'listed' ? 2 : moment === 'read' ? 5 : 1;
    const counted: Reach = (work) => {
      calls += 1;
      isStalled = calls > after;
      return reach(work);
    };
    await expect(load(counted, moment === 'asked for the next names' ? 'new' : 'full')).rejects.toThrow(
      /the share hangs/,
    );
    answer();
    await expect.poll(() => ShareAccess.hanging).toBe(0);
    expect(await load(reach, 'full')).toMatchObject({ landed: 2 });
  });

  it('does not keep the process from ending', async () => {
    const script = await bundled(new URL('hung-process.ts', import.meta.url));
    for (const [code, signal] of [
      ['0', 'SIGTERM'],
      ['1', 'SIGKILL'],
    ]) {
      const child = spawn(process.execPath, [script, pipe, String(code)], { stdio: 'ignore' });
      const ended = once(child, 'exit');
      const limit = setTimeout(() => child.kill('SIGSTOP'), 90_000);
      expect(await ended).toEqual([null, signal]);
      clearTimeout(limit);
    }
    rmSync(pipe);
    execFileSync('mkfifo', [pipe]);
  });
});
