import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LoadBusyError } from '../../../loaders/landing/errors.ts';
import type { LoadSummary } from '../../../loaders/landing/summary.ts';
import { loadSensors } from '../../../loaders/sensors/load-sensors.ts';
import { openWarehouse } from '../../../warehouse/open.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { bundled } from '../bundled.ts';
import { databases, type TestDatabase } from '../databases.ts';
import { rounds } from '../rounds.ts';
import { payloads, SensorShare } from './sensor-share.ts';

const bundle = await bundled(new URL('blocked-load.ts', import.meta.url));

describe.each(databases)('a load that is killed in the middle of a batch, on $name', ({ name, open }) => {
  let db: TestDatabase | undefined;
  let share: SensorShare;

  beforeEach(async () => {
    // The embedded database has to outlive the process that is killed, so it is not the one in memory.
    db = name === 'PGlite' ? undefined : await open();
    share = await SensorShare.create();
  });

  afterEach(async () => {
    await db?.drop();
    await share?.remove();
  });

  // In one place on the embedded database, where making one takes as long as all of the rest.
  const moments = [199, 110, 250].slice(0, name === 'PGlite' ? rounds({ gate: 1, long: 3 }) : 3);

  it.each(moments)('loses nothing and doubles nothing (at file %i of 300)', async (stopAt) => {
    const names = await share.add(...Array.from({ length: 150 }, (_, minute) => minute));
    const folder = join(share.folder, 'db');
    await killedAt(stopAt, [db?.url ?? '', folder, JSON.stringify(share.source), String(stopAt)]);

    const warehouse =
      db?.warehouse ?? (await openWarehouse({ url: undefined, folder, purpose: 'test', concurrency: 2 }));
    if (db === undefined && process.platform !== 'win32') expect((await stat(folder)).mode & 0o777).toBe(0o700);
    try {
      const landed = (await payloads(warehouse)).size;
      expect(landed).toBe(Math.floor(stopAt / 100) * 100);
      expect([...(await share.bronze()).keys()].some((path) => path.endsWith('.part'))).toBe(true);

      expect(await resumed(warehouse, share)).toMatchObject({ listed: 'listing', landed: 300 - landed });
      expect([...(await payloads(warehouse)).keys()].sort()).toEqual([...names].sort());
      const bronze = await share.bronze();
      expect(bronze.size).toBe(300);
      for (const [path, bytes] of bronze) {
        expect(bytes.equals(await readFile(share.path(path.slice(path.lastIndexOf('/') + 1))))).toBe(true);
      }
      expect(await resumed(warehouse, share)).toMatchObject({ listed: 'predicted', landed: 0 });
    } finally {
      if (warehouse !== db?.warehouse) await warehouse.close();
    }
  });
});

async function killedAt(stopAt: number, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [bundle, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  expect(String(said), `stopped at ${stopAt}`).toBe('standing still');
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** The server needs a moment to notice that the process is gone. */
async function resumed(warehouse: Warehouse, share: SensorShare): Promise<LoadSummary> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await loadSensors(warehouse, share.source, { mode: 'new', batchFiles: 100, clock: () => new Date() });
    } catch (error) {
      if (!(error instanceof LoadBusyError) || attempt > 900) throw error;
      await wait(100);
    }
  }
}
