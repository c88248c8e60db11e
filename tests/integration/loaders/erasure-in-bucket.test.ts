import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { visitLanded } from '../../../loaders/erasure/landed.ts';
import { archiveBronze } from '../../../loaders/housekeeping/archive.ts';
import { RemoteBronze } from '../../../loaders/landing/remote/remote-bronze.ts';
import { beginErasure } from '../../../loaders/tombstones/tombstones.ts';
import { Bucket } from '../../../objects/bucket.ts';
import { S3Double } from '../../servers/s3.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { Household, jeremie, jimmy, jimmysWords, now } from './erasure-household.ts';

describe.each(oneDatabase)('erasing what was moved to a bucket, on $name', ({ open }) => {
  let server: S3Double;
  let database: TestDatabase;
  let household: Household;
  beforeAll(async () => {
    server = await S3Double.start();
    database = await open();
    household = await Household.land(database.warehouse);
  });
  afterAll(async () => {
    await server?.stop();
    await database?.drop();
    await household?.share.remove();
  });

  /** Paths and contents of all objects, decompressed. */
  const objects = () =>
    [...server.objects].map(([key, bytes]) => `${key} ${(key.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()}`);
  const of = (words: readonly string[]) =>
    objects().filter((text) => words.some((word) => text.toLowerCase().includes(word.toLowerCase())));

  it('leaves nothing of the apartment there, and all of the other', async () => {
    const { bronzeRoot } = household.share.source;
    const remote = new RemoteBronze(new Bucket(server.settings, server.bucket), '');
    for (const source of ['sensors', 'registry'] as const) {
      const archiving = { source, bronzeRoot, remote, before: now(), dryRun: false, clock: now };
      expect(await archiveBronze(database.warehouse, archiving)).toMatchObject({ left: { count: 0 } });
    }
    expect(of(jimmysWords).length).toBeGreaterThan(20);
    const others = of([jeremie.owner]).filter((text) => !text.startsWith('registry/'));
    expect(others).toHaveLength(20);
    const manifests = [...server.objects.keys()].filter((key) => key.endsWith('snapshot.json'));
    expect(manifests).toHaveLength(2);
    await beginErasure(database.warehouse, jimmy, now);
    const request = { bronzeRoot, bronzeRemote: remote, subject: jimmy };
    const count = await visitLanded(database.warehouse, request, { kind: 'count' });
    const erased = await visitLanded(database.warehouse, request, { kind: 'erase' });
    expect(erased.counts).toEqual(count.counts);
    expect(erased.counts).toMatchObject({ 'sensor files in Bronze': 23, 'registry in Bronze': 38 });
    expect(of(jimmysWords)).toEqual([]);
    expect(await household.whereabouts(jimmysWords)).toEqual([]);
    expect(of([jeremie.owner]).filter((text) => !text.startsWith('registry/'))).toEqual(others);
    // Snapshots are where they were, with the rows of others, and not on this machine.
    const { rows } = await database.warehouse.query<{ path: string }>(
      `select bronze_path as path from staging.file where source = 'registry' order by 1`,
    );
    expect(rows.every(({ path }) => server.objects.has(path))).toBe(true);
    expect([...(await household.bronze()).keys()].filter((path) => path.startsWith('registry/'))).toEqual([]);
  });
});
