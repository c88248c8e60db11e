import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../databases.ts';
import { firstMinute, payloads, SensorShare } from '../../loaders/sensor-share.ts';
import { SmallWatch } from './small-project.ts';

/** A file system that is small enough to be filled takes root and Linux. */
const canMount = process.platform === 'linux' && process.getuid?.() === 0;

let db: TestDatabase;
let share: SensorShare;
let small: SmallWatch | undefined;
let bronze: string;
beforeEach(async () => {
  const kind = databases.at(-1);
  if (kind === undefined) throw new Error('no database');
  db = await kind.open();
  share = await SensorShare.create();
  bronze = join(share.folder, 'small-disk');
  mkdirSync(bronze);
});
afterEach(async () => {
  small?.dispose();
  if (canMount) execFileSync('umount', [bronze]);
  await share.remove();
  await db.drop();
});

it.runIf(canMount)('a disk that fills up while files are landed: one line, nothing lost, nothing doubled', async () => {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', bronze]);
  const now = new Date((firstMinute + 60) * 60_000);
  small = new SmallWatch({ warehouse: db.warehouse, folder: share.folder, now, env: { BRONZE_ROOT: bronze } });
  await share.add(0, 1);
  await small.check();
  small.said();
  // Room for some of the next files, but not for all: each takes a page of 4 KB and there are folders.
  writeFileSync(join(bronze, 'ballast'), Buffer.alloc(400_000));
  await share.add(...Array.from({ length: 30 }, (_, minute) => minute + 6));
  for (let check = 0; check < 3; check += 1) await small.check();
  const failed = small.said();
  expect(failed.map(({ event }) => event)).toEqual(['sensors failed']);
  expect(failed[0]?.text).toMatch(/into Bronze .*the disk is full \(ENOSPC\)/);
  expect((await payloads(db.warehouse)).size).toBe(4);
  expect(partsIn(bronze)).toEqual([]);

  rmSync(join(bronze, 'ballast'));
  await small.check();
  expect(small.said().map(({ event }) => event)).toEqual(['sensors recovered', 'landed', 'built']);
  expect((await payloads(db.warehouse)).size).toBe(64);
  expect((await share.bronze()).size).toBe(0);
  expect((await db.warehouse.query('select files from public.total')).rows).toEqual([{ files: 64 }]);
});

function partsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.part'));
}
