import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { archiveBronze } from '../../../loaders/housekeeping/archive.ts';
import { compressBronze } from '../../../loaders/housekeeping/compress.ts';
import { withMirror } from '../../../loaders/housekeeping/mirror.ts';
import { pruneBronze } from '../../../loaders/housekeeping/prune-bronze.ts';
import { LoadFailedError } from '../../../loaders/landing/errors.ts';
import { RemoteBronze } from '../../../loaders/landing/remote/remote-bronze.ts';
import { Bucket } from '../../../objects/bucket.ts';
import { type MariadbServer, startMariadb } from '../../servers/mariadb.ts';
import { S3Double } from '../../servers/s3.ts';
import { oneDatabase } from '../databases.ts';
import { failure, landedRegistry } from './landed-registry.ts';

const server = await startMariadb();
afterAll(() => server?.stop());

describe.skipIf(server === undefined).each(oneDatabase)('the registry lands from Bronze in $name', (kind) => {
  const mariadb = server as MariadbServer;
  const { database, bronzeRoot, clock, notices, load, staged, ledger, bronzeFiles, allOfBronze, inBronze } =
    landedRegistry(kind, mariadb);

  it('from Bronze: the same rows, oldest first; what is there stays', async () => {
    await load();
    await mariadb.run([`update rooms set m2 = 99 where idRoom = 20`, 'drop table profile', 'delete from devices']);
    clock.now = new Date('2023-11-02T08:00:00Z');
    await load();
    const before = await staged();
    const compressed = bronzeFiles().find((path) => path.endsWith('rooms.json')) ?? '';
    writeFileSync(`${compressed}.gz`, gzipSync(readFileSync(compressed)));
    rmSync(compressed);

    const nothing = await load({ mode: 'from-bronze' }, '');
    expect(nothing).toMatchObject({ listed: 'bronze', landed: 0, loads: [], rejected: { count: 0 } });

    await database.warehouse.query('delete from staging.registry_row');
    await database.warehouse.query(`delete from staging.file where name like '20231102%'`);
    const replayed = await load({ mode: 'from-bronze' }, '');
    expect(replayed.landed).toBe(19);
    expect(replayed.loads).toHaveLength(2);
    expect(await staged()).toEqual(before);
    const { rows } = await database.warehouse.query<{ name: string }>(
      `select split_part(min(name), '/', 1) as name from staging.file group by load_id order by load_id`,
    );
    expect(rows.map(({ name }) => name)).toEqual(['20231101T080000Z', '20231102T080000Z']);
    expect((await load({ mode: 'from-bronze' }, '')).loads).toEqual([]);
  });

  it('from Bronze: what is no table is rejected with a reason, and judged again when it was replaced', async () => {
    await load();
    await database.warehouse.query('delete from staging.registry_row');
    const pathOf = (table: string) => bronzeFiles().find((path) => path.endsWith(`${table}.json`)) ?? '';
    const good = readFileSync(pathOf('rooms'));
    writeFileSync(pathOf('rooms'), good.subarray(0, good.length - 20));
    writeFileSync(pathOf('sensors'), '{"idSensor": 1}');
    writeFileSync(join(pathOf('rooms'), '..', 'users.json'), '[{"email": "zacharias.planted@example.org"}]');
    const summary = await load({ mode: 'from-bronze' }, '');
    expect(summary.landed).toBe(8);
    expect(summary.rejected.first).toEqual([
      { name: '20231101T080000Z/rooms.json', reason: 'not valid JSON' },
      { name: '20231101T080000Z/sensors.json', reason: 'not a JSON array of objects' },
    ]);
    expect(summary.skipped.first).toEqual([
      { name: 'registry/2023/11/01/20231101T080000Z/users.json', reason: 'it is none of the tables that are read' },
    ]);
    const one = (file: string) => load({ mode: 'from-bronze', file }, '');
    await expect(one('20231102T080000Z/rooms.json')).rejects.toThrow(
      /^Bronze has no file 20231102T080000Z.rooms\.json/,
    );
    const again = await one('20231101T080000Z/rooms.json');
    expect([again.rejected.count, again.loads.length]).toEqual([2, 0]);
    writeFileSync(pathOf('rooms'), good);
    const repaired = await load({ mode: 'from-bronze' }, '');
    expect([repaired.landed, repaired.rejected.count]).toEqual([9, 1]);
    expect((await staged()).filter((row) => row.includes(' rooms '))).toHaveLength(8);
    expect((await staged()).join()).not.toContain('zacharias');
  });

  /** Makes of a landed snapshot what a kill between its files and its commit leaves. */
  async function asIfKilled(stamp: string): Promise<void> {
    renameSync(inBronze(stamp, 'snapshot.json'), inBronze(stamp, '.4194305-11.part'));
    await database.warehouse.query('delete from staging.registry_row');
    await database.warehouse.query(`delete from staging.file where source = 'registry' and name like $1`, [
      `${stamp}/%`,
    ]);
  }

  const nextDay = () => {
    clock.now = new Date(clock.now.getTime() + 86_400_000);
  };

  it('drafts that killed loads left go with the next load, of whichever mode; those of a load at work stay', async () => {
    const killed = inBronze('20231031T080000Z');
    for (const mode of ['new', 'full', 'from-bronze'] as const) {
      mkdirSync(killed, { recursive: true });
      writeFileSync(join(killed, '.4194305-1.part'), '[{"address":"Ruelle du Secret 12"}');
      expect((await load({ mode })).skipped.count).toBe(0);
      expect(existsSync(killed), mode).toBe(false);
    }
    mkdirSync(killed, { recursive: true });
    const draftAtWork = join(killed, `.${process.ppid}-1.part`);
    writeFileSync(draftAtWork, '[');
    await load();
    expect(existsSync(draftAtWork)).toBe(true);
  });

  it('a snapshot whose load was killed before the commit goes with the next one', async () => {
    await load();
    await asIfKilled('20231101T080000Z');
    const foreign = inBronze('20231101T080000Z', 'notes.txt');
    writeFileSync(foreign, 'not ours');
    nextDay();
    expect((await load()).landed).toBe(10);
    expect(readdirSync(inBronze('20231101T080000Z'))).toEqual(['notes.txt']);
    expect(notices).toEqual([expect.stringMatching(/^Removed registry\/2023\/11\/01\/20231101T080000Z: .*killed/)]);
    rmSync(foreign);
    expect(allOfBronze()).toHaveLength(11);
    expect(new Set((await ledger()).map(({ source_time }) => source_time))).toEqual(
      new Set(['2023-11-02 08:00:00+00']),
    );
  });

  it('from Bronze such a snapshot is landed if it is whole, and goes if it is not', async () => {
    await load();
    const before = await staged();
    await asIfKilled('20231101T080000Z');
    expect(await load({ mode: 'from-bronze' }, '')).toMatchObject({ landed: 10, warnings: { count: 1 } });
    expect(await staged()).toEqual(before);
    expect(allOfBronze()).toHaveLength(11);
    expect(existsSync(inBronze('20231101T080000Z', 'snapshot.json'))).toBe(true);

    await asIfKilled('20231101T080000Z');
    rmSync(inBronze('20231101T080000Z', 'rooms.json'));
    expect(await load({ mode: 'from-bronze' }, '')).toMatchObject({ landed: 0, loads: [], skipped: { count: 0 } });
    expect(allOfBronze()).toEqual([]);
  });

  it('a load that was killed just after the commit keeps its snapshot', async () => {
    await load();
    renameSync(inBronze('20231101T080000Z', 'snapshot.json'), inBronze('20231101T080000Z', '.4194305-11.part'));
    nextDay();
    await load();
    expect(allOfBronze()).toHaveLength(22);
    expect(existsSync(inBronze('20231101T080000Z', 'snapshot.json'))).toBe(true);
    expect(notices).toEqual([]);
  });

  it('a snapshot that the database refused leaves nothing once the next one is there', async () => {
    await load();
    await database.warehouse.query(
      `alter table staging.file add constraint not_now check (source_time < '2023-11-02') not valid`,
    );
    nextDay();
    expect(await failure(load())).toBeInstanceOf(LoadFailedError);
    await database.warehouse.query('alter table staging.file drop constraint not_now');
    nextDay();
    await load();
    expect(existsSync(inBronze('20231102T080000Z'))).toBe(false);
    expect(allOfBronze()).toHaveLength(22);
  });

  it('from Bronze: half a snapshot that the ledger does not list is reported and not landed', async () => {
    await load();
    nextDay();
    await load();
    const rooms = readFileSync(inBronze('20231102T080000Z', 'rooms.json'));
    const half = (stamp: string, manifest?: string) => {
      mkdirSync(inBronze(stamp), { recursive: true });
      writeFileSync(inBronze(stamp, 'rooms.json'), rooms);
      if (manifest !== undefined) writeFileSync(inBronze(stamp, 'snapshot.json'), manifest);
    };
    half('20231103T080000Z');
    half('20231104T080000Z', '{"tables":["rooms","buildings","devices"]}');
    half('20231105T080000Z', 'no manifest');
    const summary = await load({ mode: 'from-bronze' }, '');
    expect(summary).toMatchObject({ landed: 0, loads: [], warnings: { count: 0 } });
    expect(summary.skipped.first).toEqual([
      {
        name: 'registry/2023/11/03/20231103T080000Z',
        reason: expect.stringMatching(/no snapshot\.json.*half a snapshot: not landed/),
      },
      {
        name: 'registry/2023/11/04/20231104T080000Z',
        reason: 'it is not whole, buildings, devices are missing: not landed',
      },
      { name: 'registry/2023/11/05/20231105T080000Z', reason: expect.stringMatching(/cannot be read: not landed/) },
    ]);
    expect(new Set((await ledger()).map(({ source_time }) => source_time)).size).toBe(2);
    // Once it says so itself, it is a snapshot of one table.
    writeFileSync(inBronze('20231103T080000Z', 'snapshot.json'), '{"tables":["rooms"]}');
    expect(await load({ mode: 'from-bronze' }, '')).toMatchObject({ landed: 1, skipped: { count: 2 } });
  });

  it('from Bronze: snapshots without a manifest, as older versions wrote them', async () => {
    await load();
    nextDay();
    await load();
    const before = await staged();
    const emptied = async () => {
      await database.warehouse.query('delete from staging.registry_row');
      await database.warehouse.query('delete from staging.file');
    };
    // The first one is from before the update; the database is a new one, and the first try was killed half-way.
    rmSync(inBronze('20231101T080000Z', 'snapshot.json'));
    await emptied();
    await load({ mode: 'from-bronze' }, '');
    await database.warehouse.query('delete from staging.registry_row');
    await database.warehouse.query(`delete from staging.file where name like '20231101%'`);
    const summary = await load({ mode: 'from-bronze' }, '');
    expect(summary).toMatchObject({ landed: 20, skipped: { count: 0 } });
    expect(summary.warnings.first).toContainEqual({
      name: 'registry/2023/11/01/20231101T080000Z',
      reason: expect.stringMatching(/no snapshot\.json.*landed as it is/),
    });
    expect(await staged()).toEqual(before);

    rmSync(inBronze('20231102T080000Z', 'snapshot.json'));
    await emptied();
    expect((await load({ mode: 'from-bronze' }, '')).landed).toBe(20);
    expect(await staged()).toEqual(before);
    // The ledger knows them now.
    await database.warehouse.query('delete from staging.registry_row');
    const again = await load({ mode: 'from-bronze' }, '');
    expect(again.landed).toBe(20);
    expect(again.warnings.first.map(({ reason }) => reason).join()).not.toContain('snapshot.json');
  });

  it('a snapshot of the future is reported with every later one', async () => {
    const future =
      /^the snapshot is dated 2030-01-01 00:00:01 UTC although the clock says 2023-11-01 08:00:00 UTC.*docs\/registry\.md/;
    clock.now = new Date('2030-01-01T00:00:00Z');
    expect((await load()).warnings.first.map(({ name }) => name)).toEqual(['dierrors']);
    clock.now = new Date('2023-11-01T08:00:00.500Z');
    const summary = await load();
    expect(summary.warnings.first).toContainEqual({ name: '20300101T000001Z', reason: expect.stringMatching(future) });
    // A clock that is less than a day behind is not worth a word.
    clock.now = new Date('2029-12-31T01:00:00Z');
    expect((await load()).warnings.first.map(({ name }) => name)).toEqual(['dierrors']);
  });

  it('from Bronze: of a file that was compressed since, the ledger keeps size and SHA-256 of what was landed', async () => {
    await load();
    const inLedger = async () =>
      (await database.warehouse.query('select name, bytes, sha256 from staging.file order by name')).rows;
    const before = await inLedger();
    for (const path of bronzeFiles()) {
      writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)));
      rmSync(path);
    }
    await database.warehouse.query('delete from staging.registry_row');
    expect((await load({ mode: 'from-bronze' }, '')).landed).toBe(10);
    expect(await inLedger()).toEqual(before);
    await database.warehouse.query('delete from staging.file');
    expect((await load({ mode: 'from-bronze' }, '')).landed).toBe(10);
    expect(await inLedger()).toEqual(before);

    const damaged = inBronze('20231101T080000Z', 'rooms.json.gz');
    writeFileSync(damaged, readFileSync(damaged).subarray(0, 30));
    await database.warehouse.query('delete from staging.registry_row');
    const summary = await load({ mode: 'from-bronze' }, '');
    expect(summary.rejected.first).toEqual([{ name: '20231101T080000Z/rooms.json', reason: 'not a whole gzip file' }]);
    expect(await load({ mode: 'from-bronze' }, '')).toMatchObject({ loads: [], rejected: { count: 1 } });
  });

  it('pruning takes the manifest with the last table', async () => {
    await load();
    nextDay();
    await load();
    const report = await pruneBronze(database.warehouse, {
      source: 'registry',
      bronzeRoot,
      before: new Date('2024-01-01T00:00:00Z'),
      askSafety: async () => ({ kind: 'up to', loadId: 1_000, reason: 'too new' }),
      dryRun: false,
    });
    expect(report.files).toBe(10);
    expect(existsSync(inBronze('20231101T080000Z'))).toBe(false);
    expect(allOfBronze()).toHaveLength(11);
  });

  it('is archived compressed and with its manifest, and lands again from the bucket', async () => {
    await load();
    const before = await staged();
    const storage = await S3Double.start();
    try {
      const remote = new RemoteBronze(new Bucket(storage.settings, storage.bucket), 'old');
      const old = { source: 'registry', bronzeRoot, before: new Date('2024-01-01T00:00:00Z'), dryRun: false } as const;
      expect(await compressBronze(database.warehouse, old)).toMatchObject({ files: 10 });
      const archived = await archiveBronze(database.warehouse, { ...old, remote, clock: () => clock.now });
      expect(archived).toMatchObject({ files: 10, left: { count: 0 } });
      const keys = [...storage.objects.keys()];
      expect(keys).toHaveLength(11);
      const manifest = 'old/registry/2023/11/01/20231101T080000Z/snapshot.json';
      expect(keys.filter((key) => !key.endsWith('.json.gz'))).toEqual([manifest]);
      expect(allOfBronze()).toEqual([]);
      for (const table of ['registry_row', 'file']) await database.warehouse.query(`delete from staging.${table}`);
      const mirroring = { remote, bronzeRoot, source: 'registry', begins: ['registry/'] } as const;
      const again = await withMirror(database.warehouse, mirroring, () => load({ mode: 'from-bronze' }, ''));
      expect(again).toMatchObject({ landed: 10, warnings: { count: 1 } });
      expect(await staged()).toEqual(before);
      expect(allOfBronze()).toEqual([]);
    } finally {
      await storage.stop();
    }
  });
});
