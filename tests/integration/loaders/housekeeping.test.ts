import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CompressReport, compressBronze } from '../../../loaders/housekeeping/compress.ts';
import { loadSensors } from '../../../loaders/sensors/load-sensors.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { payloads, SensorShare } from './sensor-share.ts';

/** The files are of 24 August; this is ten days later. */
const now = new Date('2023-09-03T00:00:00Z');
const tenMinutes = Array.from({ length: 10 }, (_, minute) => minute);

describe.each(oneDatabase)('compressing Bronze on $name', (kind) => {
  let database: TestDatabase;
  let share: SensorShare;

  beforeEach(async () => {
    database = await kind.open();
    share = await SensorShare.create();
  });
  afterEach(async () => {
    await database.drop();
    await share.remove();
  });

  const load = (mode: 'full' | 'from-bronze') =>
    loadSensors(database.warehouse, share.source, { mode, clock: () => now });
  const compress = (options: { before?: Date; dryRun?: boolean } = {}): Promise<CompressReport> =>
    compressBronze(database.warehouse, {
      source: 'sensors',
      bronzeRoot: share.source.bronzeRoot,
      before: options.before ?? now,
      dryRun: options.dryRun ?? false,
    });
  const at = (path: string) => join(share.source.bronzeRoot, ...path.split('/'));
  async function ledger(): Promise<string[]> {
    const { rows } = await database.warehouse.query<{ path: string }>(
      'select bronze_path as path from staging.file order by 1',
    );
    return rows.map(({ path }) => path);
  }
  async function firstPath(): Promise<string> {
    return (await ledger())[0] ?? '';
  }

  it('keeps every byte, tells the ledger, and can be loaded from', async () => {
    await share.add(...tenMinutes);
    await load('full');
    const plain = await share.bronze();
    const landed = await payloads(database.warehouse);
    const report = await compress();
    expect(report).toMatchObject({ source: 'sensors', files: 20, finished: 0, left: { count: 0 } });
    const packed = await share.bronze();
    expect([...packed.keys()].sort()).toEqual([...plain.keys()].map((path) => `${path}.gz`).sort());
    for (const [path, bytes] of packed) expect(gunzipSync(bytes)).toEqual(plain.get(path.slice(0, -3)));
    expect(report.bytes).toBe([...plain.values()].reduce((sum, { length }) => sum + length, 0));
    expect(report.compressedBytes).toBe([...packed.values()].reduce((sum, { length }) => sum + length, 0));
    expect(await ledger()).toEqual([...packed.keys()].sort());
    expect(await compress()).toMatchObject({ files: 0, finished: 0, left: { count: 0 } });

    await database.warehouse.query('delete from staging.sensor_file');
    expect((await load('from-bronze')).landed).toBe(20);
    expect(await payloads(database.warehouse)).toEqual(landed);
    expect((await load('full')).landed).toBe(0);
    expect(await ledger()).toEqual([...packed.keys()].sort());
  });

  it('loaded from again, the ledger keeps size and SHA-256 of what was landed', async () => {
    await share.add(0, 1);
    await load('full');
    const prints = async () =>
      (await database.warehouse.query('select name, bytes, sha256 from staging.file order by name')).rows;
    const before = await prints();
    expect(before).toHaveLength(4);
    const path = await firstPath();
    const plain = await readFile(at(path));
    await compress();
    await database.warehouse.query('delete from staging.sensor_file');
    await database.warehouse.query(`delete from staging.file where name like '%0000_JimmyLoup%'`);
    expect((await load('from-bronze')).landed).toBe(4);
    expect(await prints()).toEqual(before);
    // One was unpacked beside: that still is what was landed.
    await writeFile(at(path), plain);
    expect(await compress()).toMatchObject({ files: 0, finished: 1, left: { count: 0 } });
  });

  it('packs a file of many megabytes piece by piece', async () => {
    const [name = ''] = await share.add(0);
    const document = JSON.parse(await readFile(share.path(name), 'utf8')) as Record<string, unknown>;
    const noise = Array.from({ length: 200_000 }, (_, index) => (index * 7919) % 104_729);
    await writeFile(share.path(name), JSON.stringify({ ...document, noise }));
    await load('full');
    const plain = await readFile(share.path(name));
    expect(plain.length).toBeGreaterThan(1_000_000);
    expect(await compress()).toMatchObject({ files: 2, left: { count: 0 } });
    const packed = [...(await share.bronze())].find(([path]) => path.endsWith(`${name}.gz`));
    expect(gunzipSync(packed?.[1] ?? Buffer.alloc(0)).equals(plain)).toBe(true);
  });

  it('leaves younger and rejected files as they are', async () => {
    await share.add(0, 60);
    const bad = '24.08.2023 0001_JimmyLoup_received.json';
    await writeFile(share.path(bad), '{');
    await load('full');
    expect(await compress({ before: new Date('2023-08-24T00:30:00Z') })).toMatchObject({ files: 2 });
    const names = [...(await share.bronze()).keys()];
    expect(names.filter((name) => name.endsWith('.gz'))).toHaveLength(2);
    expect(names.filter((name) => name.endsWith(bad))).toHaveLength(1);
  });

  it('touches nothing when it only looks', async () => {
    await share.add(0);
    await load('full');
    const before = await share.bronze();
    const report = await compress({ dryRun: true });
    expect(report).toMatchObject({ files: 2, compressedBytes: undefined });
    expect(report.bytes).toBe([...before.values()].reduce((sum, { length }) => sum + length, 0));
    expect(await share.bronze()).toEqual(before);
    expect(await ledger()).toEqual([...before.keys()].sort());
  });

  it('finishes what was killed before the ledger was written', async () => {
    await share.add(0);
    await load('full');
    const path = await firstPath();
    // Half a draft of a process that is gone, and a twin that is whole.
    await writeFile(at(join(path, '..', '.4194305-1.part').replaceAll('\\', '/')), 'half');
    await writeFile(at(`${path}.gz`), gzipSync(await readFile(at(path))));
    expect(await compress()).toMatchObject({ files: 2, left: { count: 0 } });
    expect([...(await share.bronze()).keys()].filter((name) => !name.endsWith('.json.gz'))).toEqual([]);
  });

  it('finishes what was killed before the plain file was removed', async () => {
    await share.add(0);
    await load('full');
    const path = await firstPath();
    const plain = await readFile(at(path));
    await compress();
    await writeFile(at(path), plain);
    // Both are there: a load takes one of them.
    await database.warehouse.query('delete from staging.sensor_file');
    expect((await load('from-bronze')).landed).toBe(2);
    await database.warehouse.query('update staging.file set bronze_path = $1 where bronze_path = $2', [
      `${path}.gz`,
      path,
    ]);
    expect(await compress()).toMatchObject({ files: 0, finished: 1, left: { count: 0 } });
    expect(existsSync(at(path))).toBe(false);
    expect(gunzipSync(await readFile(at(`${path}.gz`)))).toEqual(plain);
  });

  it('takes note of a file that was compressed by hand', async () => {
    await share.add(0);
    await load('full');
    const path = await firstPath();
    await writeFile(at(`${path}.gz`), gzipSync(await readFile(at(path))));
    await unlink(at(path));
    expect(await compress()).toMatchObject({ files: 1, finished: 1, left: { count: 0 } });
    expect(await ledger()).toContain(`${path}.gz`);
  });

  it('leaves a file alone that is not what was landed, and says so', async () => {
    await share.add(0);
    await load('full');
    const path = await firstPath();
    await writeFile(at(path), 'something else');
    const report = await compress();
    expect(report).toMatchObject({ files: 1, left: { count: 1 } });
    expect(report.left.first[0]?.reason).toContain('it is not what was landed');
    expect(await readFile(at(path), 'utf8')).toBe('something else');
    expect(existsSync(at(`${path}.gz`))).toBe(false);
    expect(await ledger()).toContain(path);
  });

  it('keeps the plain file if the compressed one beside it is damaged', async () => {
    await share.add(0);
    await load('full');
    const path = await firstPath();
    const plain = await readFile(at(path));
    await compress();
    const packed = await readFile(at(`${path}.gz`));
    await writeFile(at(path), plain);
    await writeFile(at(`${path}.gz`), packed.subarray(0, packed.length - 20));
    expect(await compress()).toMatchObject({ finished: 0, left: { count: 1 } });
    expect(await readFile(at(path))).toEqual(plain);
  });

  it('does nothing where Bronze is not mounted', async () => {
    await share.add(0);
    await load('full');
    const root = share.source.bronzeRoot;
    const paths = await ledger();
    await rename(root, `${root}-elsewhere`);
    await expect(compress()).rejects.toThrow('does not exist');
    await mkdir(root);
    await expect(compress()).rejects.toThrow('has none of the newest files of sensors');
    expect(await ledger()).toEqual(paths);
    await rm(root, { recursive: true });
    await rename(`${root}-elsewhere`, root);
    expect(await compress()).toMatchObject({ files: 2 });
  });
});
