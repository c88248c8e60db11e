import { createHash } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { archiveBronze } from '../../../loaders/housekeeping/archive.ts';
import { stagedPaths, withMirror } from '../../../loaders/housekeeping/mirror.ts';
import { pruneBronze } from '../../../loaders/housekeeping/prune-bronze.ts';
import { RemoteBronze } from '../../../loaders/landing/remote/remote-bronze.ts';
import type { SourceName } from '../../../loaders/landing/summary.ts';
import { loadSensors } from '../../../loaders/sensors/load-sensors.ts';
import { loadStream } from '../../../loaders/stream/load-stream.ts';
import { Bucket } from '../../../objects/bucket.ts';
import { S3Double } from '../../servers/s3.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { form, queueOf, reading, StreamBronze, staged } from '../stream/stream-messages.ts';
import { SensorShare } from './sensor-share.ts';

const clock = () => new Date('2023-08-24T01:30:00Z');

describe.each(oneDatabase)('Bronze in a bucket, on $name', (kind) => {
  let server: S3Double;
  let remote: RemoteBronze;
  let db: TestDatabase;
  beforeAll(async () => {
    server = await S3Double.start();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    server.objects.clear();
    server.requests.length = 0;
    server.pageSize = 7;
    remote = new RemoteBronze(new Bucket(server.settings, server.bucket), 'house/bronze');
    db = await kind.open();
    return () => db.drop();
  });

  /** The paths of a source in the ledger, each with the SHA-256 that the bucket's object has. */
  const ledger = async (source: SourceName) =>
    (
      await db.warehouse.query<{ path: string; sha256: string }>(
        'select bronze_path as path, sha256 from staging.file where source = $1 and bronze_path is not null order by 1',
        [source],
      )
    ).rows.map(({ path, sha256 }) => [path, sha256]);
  const stored = () =>
    [...server.objects]
      .map(([key, bytes]) => [key.replace('house/bronze/', ''), createHash('sha256').update(bytes).digest('hex')])
      .sort();
  const emptyStaging = () => db.warehouse.query('drop schema staging cascade');
  const fromBronze = async <T>(
    bronzeRoot: string,
    source: SourceName,
    begins: readonly string[],
    load: () => Promise<T>,
  ) => {
    const { rows } = await db.warehouse.query(`select where to_regclass('staging.file') is not null`);
    const except = rows.length === 0 ? new Set<string>() : await stagedPaths(db.warehouse, source);
    return withMirror(db.warehouse, { remote, bronzeRoot, source, begins, except }, load);
  };

  it('has every file of the ledger before the ledger has it, and gives messages back', async () => {
    const bronze = new StreamBronze();
    const messages = Array.from({ length: 300 }, (_, at) => [
      'iot.co2',
      reading(`4${at % 3}`, 'co2', 1_377_299_107 + at, at),
    ]);
    const source = (texts: readonly (readonly [string, string])[]) => ({
      open: async () => queueOf(texts),
      form,
      bronzeRoot: bronze.root,
      bronzeRemote: remote,
      limits: { messages: 1000, ms: 1000 },
      isOver: () => true,
    });
    const texts = [...messages, ['iot.pir', 'no JSON']] as [string, string][];
    const load = (mode: 'new' | 'from-bronze') =>
      loadStream(db.warehouse, { ...source(texts), isOver: undefined }, { mode, clock });
    const atPut: unknown[] = [];
    server.onRequest = ({ method }) => {
      if (method === 'PUT')
        void db.warehouse.query('select from staging.file').then(({ rowCount }) => atPut.push(rowCount));
    };
    await load('new');
    server.onRequest = undefined;
    expect(atPut).toEqual([0, 0, 0, 0]);
    expect(stored()).toEqual(await ledger('stream'));
    expect(bronze.files()).toEqual(new Map());
    const before = await staged(db.warehouse);
    expect(before).toHaveLength(300);
    // A load that was killed after it had put its files: the next one puts the same bytes under the same names.
    const objects = new Map(server.objects);
    await emptyStaging();
    server.requests.length = 0;
    await load('new');
    expect(server.requests.filter(({ method }) => method === 'PUT')).toHaveLength(4);
    expect(new Map(server.objects)).toEqual(objects);
    await emptyStaging();
    await fromBronze(bronze.root, 'stream', ['stream/'], () => load('from-bronze'));
    expect(await staged(db.warehouse)).toEqual(before);
    expect(bronze.files()).toEqual(new Map());
    server.requests.length = 0;
    await fromBronze(bronze.root, 'stream', ['stream/'], () => load('from-bronze'));
    // What staging has is not fetched; the rejected message is no file of staging.
    expect(server.requests.filter(({ key }) => key.includes('event_date='))).toEqual([]);
    bronze.dispose();
  });

  it('takes sensor files, gives them back, and deletes those that are pruned', async () => {
    const share = await SensorShare.create();
    const source = { ...share.source, bronzeRemote: remote };
    await share.add(0, 1, 2);
    await loadSensors(db.warehouse, source, { mode: 'full', clock });
    expect(stored()).toEqual(await ledger('sensors'));
    expect(stored()).toHaveLength(6);
    expect(await share.bronze()).toEqual(new Map());
    await emptyStaging();
    const begins = ['jimmy/', 'jeremie/', 'rejected/'];
    const load = () => loadSensors(db.warehouse, source, { mode: 'from-bronze', clock });
    expect((await fromBronze(share.source.bronzeRoot, 'sensors', begins, load)).landed).toBe(6);
    expect(await share.bronze()).toEqual(new Map());
    // After a kill the copies are still there; the next one removes them.
    await withMirror(db.warehouse, { remote, bronzeRoot: source.bronzeRoot, source: 'sensors', begins }, async () => {
      expect((await share.bronze()).size).toBe(7);
    });
    expect(readdirSync(source.bronzeRoot)).toEqual([]);
    const report = await pruneBronze(db.warehouse, {
      source: 'sensors',
      bronzeRoot: source.bronzeRoot,
      bronzeRemote: remote,
      before: new Date('2023-08-24T00:02:00Z'),
      dryRun: false,
      askSafety: async () => ({ kind: 'up to', loadId: 1000, reason: '' }),
    });
    expect([report.files, report.problems.count, report.bytes > 1000]).toEqual([4, 0, true]);
    expect(stored()).toEqual(await ledger('sensors'));
    expect(stored()).toHaveLength(2);
    await share.remove();
  });

  it('gets old files of a folder, which are deleted there only if the bucket has them whole', async () => {
    const share = await SensorShare.create();
    const { bronzeRoot } = share.source;
    await share.add(0, 1, 2);
    await loadSensors(db.warehouse, share.source, { mode: 'full', clock });
    const files = await share.bronze();
    const archiving = { source: 'sensors', bronzeRoot, remote, dryRun: false, clock } as const;
    const before = new Date('2023-08-24T00:02:00Z');
    expect(await archiveBronze(db.warehouse, { ...archiving, before, dryRun: true })).toMatchObject({ files: 4 });
    expect(server.objects.size).toBe(0);
    // One object is damaged as soon as it is there.
    server.onRequest = ({ method, key }) => {
      if (method === 'GET' && key.includes('0000_JimmyLoup')) server.objects.set(key, Buffer.from('{}'));
    };
    const first = await archiveBronze(db.warehouse, { ...archiving, before });
    server.onRequest = undefined;
    expect(first).toMatchObject({
      files: 3,
      left: { count: 1, first: [{ reason: 'what the archive has of it differs' }] },
    });
    expect((await share.bronze()).size).toBe(3);
    expect(await archiveBronze(db.warehouse, { ...archiving, before })).toMatchObject({ files: 1, left: { count: 0 } });
    expect((await share.bronze()).size).toBe(2);
    expect(stored()).toEqual((await ledger('sensors')).filter(([path]) => !path?.includes('0002_')));
    // Killed after files were deleted here and before the ledger had it: what the archive has is read again.
    await db.warehouse.query('update staging.file set archived_at = null');
    const [[key = '', whole = Buffer.alloc(0)] = []] = [...server.objects];
    server.objects.set(key, Buffer.from(whole).fill(32));
    const dueAgain = () => archiveBronze(db.warehouse, { ...archiving, before });
    const isGone = { reason: 'it is gone here, and what the archive has of it is not what was landed' };
    expect(await dueAgain()).toMatchObject({ files: 3, bytes: 0, left: { count: 1, first: [isGone] } });
    server.objects.set(key, whole);
    expect(await dueAgain()).toMatchObject({ files: 1, left: { count: 0 } });
    expect(await dueAgain()).toMatchObject({ files: 0, left: { count: 0 } });
    // One that is not what was landed stays here.
    const [path = ''] = (await share.bronze()).keys();
    await db.warehouse.query(`update staging.file set sha256 = repeat('0', 64) where bronze_path = $1`, [path]);
    expect(await archiveBronze(db.warehouse, { ...archiving, before: clock() })).toMatchObject({
      files: 1,
      left: { count: 1, first: [{ reason: expect.stringContaining('it is not what was landed') }] },
    });
    // Both places together are Bronze.
    await emptyStaging();
    const begins = ['jimmy/', 'jeremie/'];
    const load = () => loadSensors(db.warehouse, share.source, { mode: 'from-bronze', clock });
    expect((await fromBronze(bronzeRoot, 'sensors', begins, load)).landed).toBe(6);
    expect([...(await share.bronze()).keys()]).toEqual([path]);
    expect(files.size).toBe(6);
    rmSync(share.folder, { recursive: true, force: true });
  });
});
