import { renameSync } from 'node:fs';
import { mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LoadBusyError, LoadFailedError, LoadInterruptedError, SourceError } from '../../../loaders/landing/errors.ts';
import { ensureStaging } from '../../../loaders/landing/staging.ts';
import type { LoadMode, LoadSummary } from '../../../loaders/landing/summary.ts';
import { loadSensors, type SensorOptions } from '../../../loaders/sensors/load-sensors.ts';
import { freeBytes } from '../../../warehouse/free-space.ts';
import { openWarehouse } from '../../../warehouse/open.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { allText, document, fileName, firstMinute, payloads, SensorShare, secretMark } from './sensor-share.ts';

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

describe.each(oneDatabase)('loading sensor files, on $name', (database) => {
  let db: TestDatabase;
  let share: SensorShare;

  beforeEach(async () => {
    db = await database.open();
    share = await SensorShare.create();
  });

  afterEach(async () => {
    await db?.drop();
    await share?.remove();
  });

  async function load(mode: LoadMode, options: Partial<SensorOptions> = {}): Promise<LoadSummary> {
    for (;;) {
      try {
        return await loadSensors(db.warehouse, share.source, { mode, clock: () => new Date(), ...options });
      } catch (error) {
        // The server may take a moment to give back the lock of a load that failed.
        if (!(error instanceof LoadBusyError && /just ended/.test(error.message))) throw error;
      }
    }
  }

  /** Each file of the share is landed once and Bronze has the same bytes, nothing else. */
  async function expectComplete(names: readonly string[]): Promise<void> {
    expect([...(await payloads(db.warehouse)).keys()].sort()).toEqual([...names].sort());
    const bronze = await share.bronze();
    expect([...bronze.keys()].filter((path) => path.endsWith('.part'))).toEqual([]);
    expect(bronze.size).toBe(names.length);
    for (const [path, bytes] of bronze) {
      expect(bytes.equals(await readFile(share.path(path.slice(path.lastIndexOf('/') + 1))))).toBe(true);
    }
  }

  it('lands in the order of time, not of names, batch by batch', async () => {
    // The first of September sorts before the 31st of August as text.
    const names = await share.add(...range(10_075, 10_085), ...range(11_515, 11_525), 0);
    const seen: string[] = [];
    const summary = await load('new', {
      batchFiles: 10,
      onProgress: ({ phase, files, total }) => seen.push(`${phase} ${files} ${total}`),
    });
    expect(summary).toMatchObject({ listed: 'listing', landed: 42, rejected: { count: 0 }, skipped: { count: 0 } });
    expect(summary.loads).toHaveLength(5);
    expect(seen[0]).toBe('listing 42 undefined');
    expect(seen.slice(1)).toEqual(range(1, 43).map((files) => `landing ${files} 42`));
    const { rows } = await db.warehouse.query<{ ordered: boolean; loads: number }>(
      `select bool_and(source_time >= earlier) as ordered, count(distinct load_id) as loads
       from (select load_id, source_time, lag(source_time) over (order by load_id, file_id) as earlier from staging.file) f`,
    );
    expect(rows[0]).toEqual({ ordered: true, loads: 5 });
    await expectComplete(names);
    expect(await load('new')).toMatchObject({ listed: 'predicted', landed: 0, loads: [] });
    expect(await load('full')).toMatchObject({ listed: 'listing', landed: 0, loads: [] });
  });

  it('predicts names until ten minutes have nothing, and leaves the rest to a listing', async () => {
    await share.add(...range(0, 3));
    await load('new');
    // Late by a few minutes, next, after a gap of nine minutes, after one of ten, and far in the past.
    await rm(share.path(fileName('JimmyLoup', 2)));
    const late = fileName('JimmyLoup', -4);
    await writeFile(share.path(late), document('JimmyLoup', -4));
    await share.add(3, 13, 24, -500);
    const summary = await load('new');
    expect(summary).toMatchObject({ listed: 'predicted', landed: 5 });
    expect([...(await payloads(db.warehouse)).keys()]).toContain(late);
    expect(await load('new')).toMatchObject({ listed: 'predicted', landed: 0 });
    expect(await load('full')).toMatchObject({ listed: 'listing', landed: 4 });
    expect(await load('full')).toMatchObject({ landed: 0, loads: [] });
  });

  it('catches up over many minutes, with one apartment silent and rejected files in between', async () => {
    await share.add(0);
    await load('new');
    for (const minute of range(1, 61)) {
      await writeFile(share.path(fileName('JimmyLoup', minute)), minute % 20 < 12 ? '' : document('JimmyLoup', minute));
    }
    const summary = await load('new', { batchFiles: 7 });
    expect(summary).toMatchObject({ listed: 'predicted', rejected: { count: 36 }, landed: 24 });
    expect(summary.loads).toHaveLength(9);
  });

  it('does not look beyond the clock', async () => {
    await share.add(0);
    await load('new');
    await share.add(...range(1, 9));
    const clock = () => new Date((firstMinute + 3) * 60_000);
    expect(await load('new', { clock })).toMatchObject({ landed: 10 });
  });

  it('is not led astray by a name from the far future', async () => {
    await share.add(0);
    await writeFile(share.path('01.01.2099 0000_JimmyLoup_received.json'), document('JimmyLoup', 0));
    await load('new');
    await share.add(1);
    expect(await load('new')).toMatchObject({ listed: 'predicted', landed: 2 });
  });

  it('takes one of a file and its compressed twin, and knows it by one name', async () => {
    const [name = ''] = await share.add(0);
    await writeFile(share.path(`${name}.gz`), gzipSync('{"other":1}'));
    const next = fileName('JimmyLoup', 1);
    await writeFile(share.path(`${next}.gz`), gzipSync(document('JimmyLoup', 1)));
    expect(await load('new')).toMatchObject({ landed: 3 });
    expect([...(await share.bronze()).keys()].sort()).toEqual([
      expect.stringContaining(fileName('JeremieVianin', 0)),
      `jimmy/2023/08/24/00/${name}`,
      `jimmy/2023/08/24/00/${next}.gz`,
    ]);
    await writeFile(share.path(next), document('JimmyLoup', 1));
    await writeFile(share.path(`${fileName('JimmyLoup', 2)}.gz`), gzipSync(document('JimmyLoup', 2)));
    expect(await load('full')).toMatchObject({ landed: 1 });
    await writeFile(share.path(`${fileName('JimmyLoup', 3)}.gz`), gzipSync(document('JimmyLoup', 3)));
    expect(await load('new')).toMatchObject({ listed: 'predicted', landed: 1 });
    expect((await payloads(db.warehouse)).size).toBe(5);
  });

  it('goes on after an interruption, by a listing until one is complete', async () => {
    const names = await share.add(...range(0, 5), ...range(100, 120));
    const stop = new AbortController();
    const onProgress: SensorOptions['onProgress'] = ({ phase, files }) => {
      if (phase === 'landing' && files === 25) stop.abort();
    };
    const interrupted = load('new', { batchFiles: 10, signal: stop.signal, onProgress });
    await expect(interrupted).rejects.toThrow(LoadInterruptedError);
    await expect(interrupted).rejects.toMatchObject({ loads: [expect.any(Number), expect.any(Number)] });
    await expectComplete(names.slice(0, 20));
    expect(await load('new', { batchFiles: 10 })).toMatchObject({ listed: 'listing', landed: 30 });
    await expectComplete(names);
    expect(await load('new')).toMatchObject({ listed: 'predicted', landed: 0 });
  });

  it('rebuilds staging from Bronze alone', async () => {
    await share.add(...range(0, 30));
    await writeFile(share.path(fileName('JimmyLoup', 200)), 'broken');
    await writeFile(share.path('24.08.2023 0000_Third_received.json'), document('Third', 0));
    await load('new', { batchFiles: 20 });
    const before = await payloads(db.warehouse);
    const bronze = await share.bronze();
    const source = { ...share.source, share: undefined };
    const replay = (apartments = source.apartments, file?: string) =>
      loadSensors(db.warehouse, { ...source, apartments }, { mode: 'from-bronze', file, clock: () => new Date() });

    // Pruned: the ledger still knows the files, and they keep their numbers.
    const ids = 'select name, file_id from staging.file order by name';
    const numbers = (await db.warehouse.query(ids)).rows;
    await db.warehouse.query('delete from staging.sensor_file where load_id = (select min(load_id) from staging.load)');
    const one = (file: string) => replay(undefined, file);
    expect(await one(fileName('JimmyLoup', 0))).toMatchObject({ landed: 1, rejected: { count: 0 } });
    expect(await one(fileName('JimmyLoup', 0))).toMatchObject({ landed: 0, loads: [] });
    const [bad, elsewhere] = [fileName('JimmyLoup', 200), `../bronze/jimmy/${fileName('JimmyLoup', 1)}`];
    expect(await one(bad)).toMatchObject({ landed: 0, rejected: { count: 1, first: [{ name: bad }] } });
    for (const none of [fileName('JimmyLoup', 99), elsewhere, '', '.'])
      await expect(one(none)).rejects.toThrow(/^Bronze has no/);
    expect(await replay()).toMatchObject({ listed: 'bronze', landed: 18, rejected: { count: 2 } });
    expect(await payloads(db.warehouse)).toEqual(before);
    expect((await db.warehouse.query(ids)).rows).toEqual(numbers);

    // Empty: nothing but Bronze is left, of which some files were compressed in place and one is a leftover.
    await db.warehouse.query('truncate staging.sensor_file, staging.file, staging.load');
    const [path = ''] = [...bronze.keys()].filter((found) => found.startsWith('jimmy/2023'));
    await writeFile(join(source.bronzeRoot, `${path}.gz`), gzipSync(bronze.get(path) ?? ''));
    await rm(join(source.bronzeRoot, path));
    await writeFile(join(source.bronzeRoot, 'jimmy', '.999999999-1.part'), 'half a fi');
    expect(await replay()).toMatchObject({ landed: 60, rejected: { count: 2 } });
    expect(await payloads(db.warehouse)).toEqual(before);
    expect([...(await share.bronze()).keys()]).toHaveLength(62);

    // Judged again: now the apartment is known.
    const third = await replay([...source.apartments, { id: 'third', owner: 'Third' }]);
    expect(third).toMatchObject({ landed: 1, rejected: { count: 1 } });
    expect(third.loads).toHaveLength(1);
    const { rows } = await db.warehouse.query(
      `select status, reason, bronze_path from staging.file where name like '%Third%'`,
    );
    expect(rows).toEqual([
      { status: 'landed', reason: null, bronze_path: 'rejected/24.08.2023 0000_Third_received.json' },
    ]);
  });

  it('finds the one file that only PostgreSQL refuses, and lands the others', async () => {
    const names = await share.add(...range(0, 10));
    const poison = fileName('JimmyLoup', 5);
    await writeFile(share.path(poison), `{"divisor":0,"api_token":"${secretMark}"}`);
    await ensureStaging(db.warehouse);
    await db.warehouse.query(
      `alter table staging.sensor_file add constraint picky check (1 / coalesce((payload->>'divisor')::int, 1) > 0)`,
    );
    const reason = 'PostgreSQL cannot store it (SQLSTATE 22012)';
    const summary = await load('new');
    expect(summary).toMatchObject({ landed: 19, rejected: { count: 1, first: [{ name: poison, reason }] } });
    expect(summary.loads).toHaveLength(1);
    expect((await share.bronze()).size).toBe(names.length);
    expect(await allText(db.warehouse)).not.toContain(secretMark);
  });

  it('fails without quoting a file when the database refuses the batch, and keeps nothing of it', async () => {
    await share.add(...range(0, 10));
    await ensureStaging(db.warehouse);
    await db.warehouse.query(`alter table staging.sensor_file add constraint none check (payload->>'user' = 'Nobody')`);
    const error = await load('new').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(LoadFailedError);
    expect(error).toMatchObject({ exitCode: 1, detail: undefined });
    expect(error).not.toHaveProperty('cause');
    expect(String(error)).toContain('SQLSTATE 23514');
    expect(String(error)).not.toContain('Office');
    expect((await payloads(db.warehouse)).size).toBe(0);
    expect((await share.bronze()).size).toBe(0);
    await db.warehouse.query('alter table staging.sensor_file drop constraint none');
    expect(await load('new')).toMatchObject({ landed: 20 });
  });

  it('says what is wrong with the share or with Bronze', async () => {
    const missing = { ...share.source, share: join(share.folder, 'nowhere') };
    const options = { mode: 'new', clock: () => new Date() } as const;
    const error = await loadSensors(db.warehouse, missing, options).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(SourceError);
    expect(error).toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/^SMB_PATH .*nowhere.* does not exist$/),
    });
    await expect(loadSensors(db.warehouse, { ...share.source, share: undefined }, options)).rejects.toThrow(
      SourceError,
    );
    await expect(
      loadSensors(
        db.warehouse,
        { ...share.source, bronzeRoot: join(share.folder, 'no') },
        { ...options, mode: 'from-bronze' },
      ),
    ).rejects.toThrow(/^BRONZE_ROOT/);
    await share.add(0);
    await writeFile(join(share.folder, 'file'), '');
    const blocked = { ...share.source, bronzeRoot: join(share.folder, 'file') };
    await expect(loadSensors(db.warehouse, blocked, options)).rejects.toThrow(LoadFailedError);
    expect(await load('new')).toMatchObject({ landed: 2 });
  });

  it('notices a share that goes away', async () => {
    await share.add(...range(0, 100));
    const away = `${share.source.share}-away`;
    const gone = load('new', {
      batchFiles: 50,
      onProgress: ({ phase, files }) => {
        if (phase === 'landing' && files === 1) renameSync(share.source.share, away);
      },
    });
    await expect(gone).rejects.toThrow(/^SMB_PATH .* does not exist$/);
    renameSync(away, share.source.share);
    await load('new');
    expect((await payloads(db.warehouse)).size).toBe(200);
    // In the middle of a check, after it was found to be there.
    const goneLater = load('new', {
      clock: () => {
        renameSync(share.source.share, away);
        return new Date();
      },
    });
    await expect(goneLater).rejects.toThrow(/^SMB_PATH .* does not exist$/);
  });

  it('lets one load of sensors run at a time, and names the holder', async () => {
    await share.add(...range(0, 10));
    // Whoever loads holds this lock from listing to the last commit.
    const outcome = await db.warehouse.exclusive('load sensors', () => load('new').catch((error: unknown) => error));
    expect(outcome).toMatchObject({ held: true, value: expect.any(LoadBusyError) });
    expect(String(outcome.held && outcome.value)).toMatch(/being loaded by datacycle test/);
    expect(await load('new')).toMatchObject({ landed: 20 });
  });

  it('creates staging once, whoever comes first', async () => {
    await Promise.all([1, 2, 3, 4].map(() => ensureStaging(db.warehouse)));
    if (db.url !== undefined) {
      const other = await openWarehouse({ url: db.url, folder: '', purpose: 'test', concurrency: 2 });
      await other.query('drop schema staging cascade');
      await Promise.all([db.warehouse, other, db.warehouse, other].map(ensureStaging));
      await other.close();
    }
    const { rows } = await db.warehouse.query(
      'select max(number) = count(*) and min(number) = 1 as once from staging.migration',
    );
    expect(rows[0]?.once).toBe(true);
  });

  it('compares owners in one form of Unicode, in listings and predictions', async () => {
    const apartments = [{ id: 'jeremie', owner: 'Je\u0301re\u0301mie' }];
    const source = { ...share.source, apartments };
    const loadNames = async (mode: LoadMode, ...names: string[]) => {
      for (const name of names) await writeFile(share.path(name), '{}');
      return (await loadSensors(db.warehouse, source, { mode, clock: () => new Date() })).landed;
    };
    const [composed, decomposed] = ['J\u00e9r\u00e9mie', 'Je\u0301re\u0301mie'];
    expect(await loadNames('full', fileName(composed, 0), fileName(decomposed, 1))).toBe(2);
    expect(await loadNames('new', fileName(composed, 2), fileName(decomposed, 3))).toBe(2);
    // The same file in both forms is one file.
    expect(await loadNames('full', fileName(decomposed, 2), fileName(composed, 3))).toBe(0);
    expect([...(await payloads(db.warehouse)).keys()]).toEqual(
      [0, 1, 2, 3].map((minute) => fileName(composed, minute)),
    );
  });

  it('does not copy what would fill the disk of Bronze, and does not try again', async () => {
    await share.add(0);
    const huge = fileName('JimmyLoup', 1);
    await writeFile(share.path(huge), '');
    // It takes no space itself: nothing was ever written to it.
    const size = (await freeBytes(share.source.bronzeRoot)) ?? 0;
    await truncate(share.path(huge), size);
    const reason = 'larger than 16 MB; too large to be copied into Bronze';
    expect(await load('new')).toMatchObject({ landed: 2, rejected: { count: 1, first: [{ name: huge, reason }] } });
    expect((await share.bronze()).size).toBe(2);
    for (const mode of ['new', 'full', 'from-bronze'] as const)
      expect(await load(mode)).toMatchObject({ landed: 0, rejected: { count: 0 }, loads: [] });
    await writeFile(share.path(huge), '{}');
    expect(await load('full')).toMatchObject({ landed: 1 });
    expect((await share.bronze()).size).toBe(3);
  });

  it('takes an empty share for what it is', async () => {
    expect(await load('new')).toMatchObject({ listed: 'listing', landed: 0, loads: [] });
    await mkdir(share.path('nested'));
    await writeFile(join(share.path('nested'), fileName('JimmyLoup', 0)), document('JimmyLoup', 0));
    expect(await load('new')).toMatchObject({ landed: 0 });
    await share.add(0);
    expect(await load('new')).toMatchObject({ landed: 2 });
  });
});
