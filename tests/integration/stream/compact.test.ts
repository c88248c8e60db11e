import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { RemoteBronze } from '../../../loaders/landing/remote/remote-bronze.ts';
import { compactStream } from '../../../loaders/stream/compact.ts';
import { loadStream } from '../../../loaders/stream/load-stream.ts';
import { Bucket } from '../../../objects/bucket.ts';
import { S3Double } from '../../servers/s3.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { form, queueOf, reading, StreamBronze, staged } from './stream-messages.ts';

describe.each(oneDatabase)('small files of messages, on $name', (kind) => {
  let db: TestDatabase;
  let bronze: StreamBronze;
  beforeEach(async () => {
    db = await kind.open();
    bronze = new StreamBronze();
    return async () => {
      bronze.dispose();
      await db.drop();
    };
  });

  // Texts of each form that Bronze keeps: as the columns say, with a point, in an order of its own, without a number.
  const texts = Array.from({ length: 120 }, (_, at) => {
    const [room, ts] = [`4${at % 2}`, 1_377_299_107 + at];
    const text = [
      reading(room, 'co2', ts, at / 4),
      `{"room":"${room}","sensor":"co2","ts":${ts},"value":${at}.0}`,
      `{"value":1,"ts":${ts},"room":"${room}","sensor":"co2"}`,
      reading(room, 'co2', ts, null),
    ][at % 4];
    return ['iot.co2', text ?? ''] as const;
  });
  const land = (remote?: RemoteBronze) =>
    loadStream(
      db.warehouse,
      {
        open: async () => queueOf(texts),
        form,
        bronzeRoot: bronze.root,
        bronzeRemote: remote,
        limits: { messages: 10, ms: 1000 },
      },
      { mode: 'new', clock: () => new Date('2013-08-24T00:00:00Z') },
    );
  const compact = (dryRun = false, bronzeRemote?: RemoteBronze, mostRows?: number) =>
    compactStream(db.warehouse, {
      form,
      bronzeRoot: bronze.root,
      bronzeRemote,
      before: new Date('2013-08-25T00:00:00Z'),
      dryRun,
      mostRows,
      alone: (work) => work(),
      checkpoint: () => undefined,
    });
  const fromBronze = () =>
    loadStream(
      db.warehouse,
      { open: undefined, form, bronzeRoot: bronze.root, limits: { messages: 10, ms: 10 } },
      { mode: 'from-bronze', clock: () => new Date() },
    );
  const parquet = () => [...bronze.files()].filter(([path]) => path.endsWith('.parquet'));
  const ledger = async () =>
    (
      await db.warehouse.query<{ path: string; sha256: string }>(
        `select bronze_path as path, sha256 from staging.file where source = 'stream' order by 1`,
      )
    ).rows.map(({ path, sha256 }) => [path, sha256]);

  it('become one of each folder and partition, with all that they said, but for the newest', async () => {
    await land();
    const [before, rows] = [await staged(db.warehouse), await bronze.rows()];
    const small = parquet();
    expect(small).toHaveLength(24);
    expect(await compact(true)).toMatchObject({ files: 22, made: undefined });
    expect(parquet()).toEqual(small);
    expect(await compact()).toMatchObject({ files: 22, made: 2, left: { count: 0 } });
    expect(parquet()).toHaveLength(4);
    expect(parquet().map(([path]) => path.replace(/.*@queue-/, ''))).toEqual([
      'p0-0-110.parquet',
      'p0-110-120.parquet',
      'p0-0-110.parquet',
      'p0-110-120.parquet',
    ]);
    expect(await ledger()).toEqual(parquet());
    const byOffset = (a: (typeof rows)[number], b: (typeof rows)[number]) => Number(a.offset) - Number(b.offset);
    expect([...(await bronze.rows())].sort(byOffset)).toEqual([...rows].sort(byOffset));
    expect(await staged(db.warehouse)).toEqual(before);
    const { rows: lost } = await db.warehouse.query(
      'select from staging.stream_message as m where not exists (select from staging.file as f where f.file_id = m.file_id)',
    );
    expect(lost).toHaveLength(0);
    expect(await compact()).toMatchObject({ files: 0, made: 0 });
    expect(await fromBronze()).toMatchObject({ landed: 0 });
    await db.warehouse.query('drop schema staging cascade');
    expect(await fromBronze()).toMatchObject({ landed: 120 });
    expect(await staged(db.warehouse)).toEqual(before);
  });

  it('beside the large one that a killed compaction has left count once, whichever the ledger has', async () => {
    await land();
    const before = await staged(db.warehouse);
    const small = parquet().map(([path]) => [path, readFileSync(join(bronze.root, path))] as const);
    const restore = (files: typeof small) => {
      for (const [path, bytes] of files) writeFileSync(join(bronze.root, path), bytes);
    };
    await compact();
    // Killed after the swap, before the small ones were deleted.
    restore(small);
    expect(await fromBronze()).toMatchObject({ landed: 0 });
    await db.warehouse.query('drop schema staging cascade');
    expect(await fromBronze()).toMatchObject({ landed: 120 });
    expect(await staged(db.warehouse)).toEqual(before);
    // Killed before the swap: the ledger has the small ones.
    await db.warehouse.query('drop schema staging cascade');
    await land();
    expect(parquet()).toHaveLength(26);
    expect(await fromBronze()).toMatchObject({ landed: 0 });
    expect(await compact()).toMatchObject({ files: 22, made: 2 });
    restore(small);
    expect(await compact()).toMatchObject({ files: 0, made: 0 });
    expect(await ledger()).toEqual(parquet());
  });

  it('that were changed stay, and keep those on their sides apart', async () => {
    await land();
    const path = parquet().find(([name]) => name.includes('room=40') && name.includes('p0-50-60'))?.[0] ?? '';
    const bytes = readFileSync(join(bronze.root, path));
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(join(bronze.root, path), bytes);
    expect(await compact()).toMatchObject({ files: 21, made: 3, left: { count: 1, first: [{ name: path }] } });
    expect(parquet().map(([name]) => name.replace(/.*@queue-/, ''))).toEqual([
      'p0-0-50.parquet',
      'p0-110-120.parquet',
      'p0-50-60.parquet',
      'p0-60-110.parquet',
      'p0-0-110.parquet',
      'p0-110-120.parquet',
    ]);
  });

  it('are not read where nothing new is beside them, and once where nobody has counted their messages', async () => {
    const server = await S3Double.start();
    const remote = new RemoteBronze(new Bucket(server.settings, server.bucket), '');
    const isRead = ({ method, key }: { method: string; key: string }) => method === 'GET' && key.endsWith('.parquet');
    const reads = async () => {
      server.requests.length = 0;
      const report = await compact(false, remote, 20);
      return { report, read: server.requests.filter(isRead).length };
    };
    await land(remote);
    // Eleven files of five messages in each of two folders: four make a full one, three are left.
    expect(await reads()).toMatchObject({ report: { files: 16, made: 4 }, read: 16 });
    expect(await reads()).toMatchObject({ report: { files: 0, made: 0 }, read: 0 });
    await db.warehouse.query(`update staging.file set messages = null where source = 'stream'`);
    expect(await reads()).toMatchObject({ report: { files: 0, made: 0 }, read: 10 });
    expect(await reads()).toMatchObject({ report: { files: 0, made: 0 }, read: 0 });
    expect([...server.objects.keys()].sort()).toEqual((await ledger()).map(([path]) => path));
    await server.stop();
  });

  it('become one in a bucket, too', async () => {
    const server = await S3Double.start();
    const remote = new RemoteBronze(new Bucket(server.settings, server.bucket), '');
    await land(remote);
    expect(await compact(false, remote)).toMatchObject({ files: 22, made: 2, left: { count: 0 } });
    expect([...server.objects.keys()].sort()).toEqual((await ledger()).map(([path]) => path));
    expect(server.objects.size).toBe(4);
    await server.stop();
  });
});
