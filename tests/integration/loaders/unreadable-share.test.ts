import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LoadFailedError } from '../../../loaders/landing/errors.ts';
import type { LoadMode } from '../../../loaders/landing/summary.ts';
import { loadSensors } from '../../../loaders/sensors/load-sensors.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { document, fileName, firstMinute, SensorShare } from './sensor-share.ts';

describe.each(oneDatabase)('a share with files that cannot be read, on $name', ({ open }) => {
  let db: TestDatabase;
  let share: SensorShare;
  beforeEach(async () => {
    db = await open();
    share = await SensorShare.create();
  });
  afterEach(async () => {
    await share.remove();
    await db.drop();
  });

  const load = (mode: LoadMode, settleMs = 0) =>
    loadSensors(db.warehouse, share.source, {
      mode,
      settleMs,
      clock: () => new Date((firstMinute + 5) * 60_000),
    });
  const lost = fileName('JimmyLoup', 1);

  it.runIf(process.platform !== 'win32')('and nothing else is a failed load; with others they are named', async () => {
    const forged = 'a\nOK 3 files landed\u001b[2K.json';
    await symlink('/nowhere', share.path(forged));
    await expect(load('full')).rejects.toThrow(/a\\u000aOK 3 files landed\\u001b\[2K.json: it is gone$/);
    await rm(share.path(forged));
    await symlink('/nowhere', share.path(lost));
    await mkdir(share.path(fileName('JimmyLoup', 2)));
    await expect(load('new')).rejects.toThrow(LoadFailedError);
    await expect(load('full')).rejects.toThrow(/^no sensor file could be read \(1 file\): .*: it is gone$/);
    await share.add(0);
    for (const mode of ['new', 'full'] as const)
      expect(await load(mode)).toMatchObject(
        mode === 'new'
          ? { landed: 2, unread: { count: 1, first: [{ name: lost, reason: 'it is gone' }] } }
          : { landed: 0, unread: { count: 1 } },
      );
    // Checks look at the newest names, and know nothing of the rest.
    expect((await load('new')).unread).toBeUndefined();
  });

  it('because they are folders, or still being written, is no failure', async () => {
    await mkdir(share.path(lost));
    expect(await load('new')).toMatchObject({ landed: 0, unread: { count: 0 } });
    await writeFile(share.path(fileName('JimmyLoup', 2)), '{');
    expect(await load('full', Number.MAX_SAFE_INTEGER)).toMatchObject({ skipped: { count: 2 }, unread: { count: 0 } });
  });

  it('takes the times that are plausible from its source', async () => {
    await share.add(0, 3);
    const late = fileName('JimmyLoup', 60 * 24 * 3);
    await writeFile(share.path(late), document('JimmyLoup', 60 * 24 * 3));
    const source = (hoursAhead: number) => ({
      ...share.source,
      times: { from: new Date((firstMinute + 2) * 60_000), hoursAhead },
    });
    const loadWith = (hoursAhead: number) =>
      loadSensors(db.warehouse, source(hoursAhead), {
        mode: 'full',
        clock: () => new Date((firstMinute + 5) * 60_000),
      });
    expect(await loadWith(24)).toMatchObject({ landed: 2, rejected: { count: 3 } });
    // Judged again once its time is plausible; its copy goes where it belongs.
    expect(await loadWith(72)).toMatchObject({ landed: 1, rejected: { count: 0 } });
    expect([...(await share.bronze()).keys()].filter((path) => path.startsWith('rejected/'))).toHaveLength(2);
  });
});
