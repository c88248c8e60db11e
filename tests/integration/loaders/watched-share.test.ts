import { mkdir, rename, rmdir, utimes, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LoadMode } from '../../../loaders/landing/summary.ts';
import { loadSensors } from '../../../loaders/sensors/load-sensors.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { document, fileName, firstMinute, payloads, SensorShare } from './sensor-share.ts';

describe.each(oneDatabase)('a share that is watched, on $name', ({ open }) => {
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

  /** A load at a minute of the test's day. */
  const load = (mode: LoadMode, minute: number, settleMs?: number) =>
    loadSensors(db.warehouse, share.source, {
      mode,
      settleMs,
      clock: () => new Date((firstMinute + minute) * 60_000),
    });

  describe('after a silence of more than ten minutes', () => {
    it('finds what comes in now, and leaves what lies between to a full listing', async () => {
      await share.add(0, 1, 2);
      await load('full', 3);
      // Silent from minute 3 on, back at 200; a file of minute 100 was written late.
      await share.add(100, 195, 200);
      expect(await load('new', 200)).toMatchObject({ listed: 'predicted', landed: 4 });
      await share.add(201);
      expect(await load('new', 201)).toMatchObject({ landed: 2 });
      expect(await load('full', 202)).toMatchObject({ landed: 2 });
    });

    it('looks ten minutes back and two ahead, no further', async () => {
      await share.add(0);
      await load('full', 1);
      await share.add(190, 203);
      expect(await load('new', 200)).toMatchObject({ landed: 0 });
      await share.add(191);
      expect(await load('new', 200)).toMatchObject({ landed: 2 });
    });
  });

  it.each(['new', 'full'] as const)(
    'that is not mounted, an empty folder, is said by load %s and not taken for done',
    async (mode) => {
      expect(await load(mode, 0)).toMatchObject({ landed: 0 });
      await share.add(1, 2);
      await load('full', 3);
      const hidden = `${share.source.share}-hidden`;
      await rename(share.source.share, hidden);
      await mkdir(share.source.share);
      await expect(load(mode, 4)).rejects.toThrow(
        /is empty, though files have been landed from it: is the share mounted/,
      );
      await rmdir(share.source.share);
      await rename(hidden, share.source.share);
      await share.add(4);
      expect(await load(mode, 5)).toMatchObject({ landed: 2 });
    },
  );

  describe('with a file that is still being written', () => {
    const name = fileName('JimmyLoup', 5);
    const whole = document('JimmyLoup', 5);
    /** Half of the file, last written so many seconds before (or after) the load at minute 6. */
    const half = async (secondsBefore: number) => {
      await writeFile(share.path(name), whole.slice(0, whole.length / 2));
      const time = new Date((firstMinute + 6) * 60_000 - secondsBefore * 1000);
      await utimes(share.path(name), time, time);
    };

    it.each([5, 59, -5, -59])(
      'leaves it alone when it changed %i s ago, and lands it when it is whole',
      async (ago) => {
        await share.add(0, 1, 2, 3, 4);
        await load('full', 5);
        await half(ago);
        const summary = await load('new', 6, 60_000);
        const reason = 'it is still being written';
        expect(summary).toMatchObject({
          landed: 0,
          rejected: { count: 0 },
          skipped: { count: 1, first: [{ name, reason }] },
        });
        expect((await share.bronze()).size).toBe(10);
        await writeFile(share.path(name), whole);
        expect(await load('new', 6, 60_000)).toMatchObject({ landed: 1, skipped: { count: 0 } });
        expect((await payloads(db.warehouse)).has(name)).toBe(true);
      },
    );

    it.each([
      [61, 60_000],
      [-61, 60_000],
      [5, undefined],
    ])('rejects it when it changed %i s ago and may take %s ms', async (ago, settleMs) => {
      await share.add(0, 1, 2, 3, 4);
      await load('full', 5);
      await half(ago);
      expect(await load('new', 6, settleMs)).toMatchObject({ rejected: { count: 1 }, skipped: { count: 0 } });
    });
  });

  describe('with a file that was judged while it was being copied', () => {
    const name = fileName('JimmyLoup', 1);
    const whole = document('JimmyLoup', 1);
    const ledger = async () => {
      const { rows } = await db.warehouse.query(
        `select f.status, f.reason, f.bytes, l.files, l.records, l.rejected,
             (select sum(files)::int from staging.load) as all_files, (select sum(rejected)::int from staging.load) as all_rejected
         from staging.file f join staging.load l using (load_id) where f.name = $1`,
        [name],
      );
      return rows;
    };
    const landed = { status: 'landed', reason: null, files: 1, records: 1, rejected: 0, all_files: 7, all_rejected: 0 };

    /** The copy goes on; some tools reserve the size first, some keep the time of the original throughout. */
    const ways = [
      { how: 'empty', first: '' },
      { how: 'half', first: whole.slice(0, whole.length / 2) },
      { how: 'of full size and empty', first: '\0'.repeat(Buffer.byteLength(whole)) },
    ] as const;
    const old = new Date('2023-08-24T00:01:30Z');

    it.each(
      ways.flatMap((way) =>
        (['new', 'full'] as const).flatMap((mode) => [true, false].map((keeps) => ({ ...way, mode, keeps }))),
      ),
    )('$how, and keeps its old time: $keeps, load $mode lands it once it is whole', async ({ first, mode, keeps }) => {
      await share.add(0, 2, 3);
      await writeFile(share.path(name), first);
      await utimes(share.path(name), old, old);
      expect(await load('full', 4)).toMatchObject({ landed: 6, rejected: { count: 1 } });
      for (const again of ['new', 'full', 'from-bronze'] as const)
        expect(await load(again, 4)).toMatchObject({ landed: 0, loads: [] });
      await writeFile(share.path(name), whole);
      if (keeps) await utimes(share.path(name), old, old);
      expect(await load(mode, 4)).toMatchObject({ landed: 1, rejected: { count: 0 } });
      expect(await ledger()).toMatchObject([{ ...landed, bytes: Buffer.byteLength(whole) }]);
      expect((await payloads(db.warehouse)).size).toBe(7);
      const bronze = await share.bronze();
      expect(bronze.size).toBe(7);
      expect(bronze.get(`jimmy/2023/08/24/00/${name}`)?.toString()).toBe(whole);
      for (const again of ['new', 'full', 'from-bronze'] as const)
        expect(await load(again, 4)).toMatchObject({ landed: 0, rejected: { count: 0 }, loads: [] });
    });

    it('keeps the newest half in Bronze and in the ledger, and lands the whole after a loss of the database', async () => {
      await share.add(0, 2, 3);
      for (const length of [10, 50]) {
        await writeFile(share.path(name), whole.slice(0, length));
        await load('full', 4);
        expect(await ledger()).toMatchObject([{ status: 'rejected', bytes: length, all_files: 7, all_rejected: 1 }]);
        expect((await share.bronze()).get(`jimmy/2023/08/24/00/${name}`)).toHaveLength(length);
      }
      await db.warehouse.query('truncate staging.sensor_file, staging.file, staging.load');
      expect(await load('from-bronze', 4)).toMatchObject({ landed: 6, rejected: { count: 1 } });
      await writeFile(share.path(name), whole);
      expect(await load('full', 4)).toMatchObject({ landed: 1 });
      expect(await ledger()).toMatchObject([landed]);
    });

    it('that came under a name without a meaning, which it has now', async () => {
      await writeFile(share.path('24.08.2023 0001_Third_received.json'), document('Third', 1));
      expect(await load('full', 4)).toMatchObject({ rejected: { count: 1 } });
      expect(await load('full', 4)).toMatchObject({ rejected: { count: 0 } });
      const apartments = [...share.source.apartments, { id: 'third', owner: 'Third' }];
      const source = { ...share.source, apartments };
      const again = await loadSensors(db.warehouse, source, { mode: 'full', clock: () => new Date() });
      expect(again).toMatchObject({ landed: 1, rejected: { count: 0 } });
      expect([...(await share.bronze()).keys()]).toEqual(['third/2023/08/24/00/24.08.2023 0001_Third_received.json']);
    });
  });

  it('lands a file once when a listing and a check find it at the same time', async () => {
    await share.add(0, 1, 2);
    await load('full', 3);
    await share.add(3, 4);
    const both = await Promise.all([load('full', 5), load('new', 5)]);
    expect(both.reduce((sum, { landed }) => sum + landed, 0)).toBe(4);
    expect((await payloads(db.warehouse)).size).toBe(10);
  });
});
