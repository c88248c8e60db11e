import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { visitLanded } from '../../../loaders/erasure/landed.ts';
import type { Landed, SubjectRequest } from '../../../loaders/erasure/request.ts';
import { HousekeepingInterruptedError } from '../../../loaders/housekeeping/alone.ts';
import { compressBronze } from '../../../loaders/housekeeping/compress.ts';
import { SourceError } from '../../../loaders/landing/errors.ts';
import { loadSensors } from '../../../loaders/sensors/load-sensors.ts';
import { beginErasure, finishErasure, tombstoneOf } from '../../../loaders/tombstones/tombstones.ts';
import { readTables } from '../../fixtures/pidb.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { countOf, Household, jeremie, jimmy, jimmysWords, now } from './erasure-household.ts';
import { writeSnapshot } from './registry-folder.ts';
import { document, fileName } from './sensor-share.ts';

describe.each(oneDatabase)('erasing what was landed, on $name', ({ open }) => {
  let database: TestDatabase;
  let household: Household;

  beforeEach(async () => {
    database = await open();
    household = await Household.land(database.warehouse);
  });
  afterEach(async () => {
    await database.drop();
    await household.share.remove();
  });

  const bronzeRoot = () => household.share.source.bronzeRoot;
  const begin = () => beginErasure(database.warehouse, jimmy, now);
  const erase = (options: Partial<SubjectRequest> = {}): Promise<Landed> =>
    visitLanded(database.warehouse, { bronzeRoot: bronzeRoot(), subject: jimmy, ...options }, { kind: 'erase' });

  it('leaves nothing of the apartment and all of the other; loads bring nothing back', async () => {
    expect(await household.whereabouts(jimmysWords)).not.toEqual([]);
    const model = (version: string, apartments: string, codes: string) =>
      database.warehouse.query(
        `insert into staging.model (target, horizon, name, version, is_baseline, trained_from, trained_to, rows, apartments, evaluation, content)
         values ('occupied', 'day', 'trees', $1, false, '2023-08-01Z', '2023-08-23Z', 9, $2, '{}', jsonb_build_object('codes', $3::text::jsonb))`,
        [version, apartments, codes],
      );
    await model('other', '{jeremie}', '["jeremie/Office"]');
    const others = await household.others();
    // A model that has learnt from both goes as a whole, and so does one that has learnt nothing from it but numbers its rooms.
    await model('both', '{jeremie,jimmy}', '["jeremie/Office", "jimmy/Office"]');
    await model('names', '{jeremie}', '["jeremie/Office", "jimmy/Office"]');
    await begin();
    expect(await erase()).toMatchObject({
      counts: {
        'staging.sensor_file': 20,
        'staging.file': 22,
        'staging.prediction': 1,
        'staging.model': 2,
        'staging.registry_row': 38,
        'sensor files in Bronze': 23,
        'registry in Bronze': 38,
      },
      damaged: [],
    });
    expect(await household.whereabouts(jimmysWords)).toEqual([]);
    expect(await household.others()).toEqual(others);
    expect(await readdir(bronzeRoot())).toEqual(expect.not.arrayContaining(['jimmy']));

    expect(await household.load('new')).toMatchObject({ listed: 'predicted', landed: 0, ignored: 0 });
    expect(await household.load('full')).toMatchObject({ landed: 0, rejected: { count: 0 }, ignored: 22 });
    expect(await household.load('from-bronze')).toMatchObject({ landed: 0, ignored: 0 });
    expect(await household.loadRegistry()).toMatchObject({ landed: 0, ignored: 0, warnings: { count: 0 } });
    await household.predict(jimmy.id);
    await household.predict('JIMMY ');
    expect(await household.whereabouts(jimmysWords)).toEqual([]);
    expect(await household.others()).toEqual(others);

    await household.share.add(21);
    expect(await household.load('new')).toMatchObject({ listed: 'predicted', landed: 1 });
    expect(await household.whereabouts(jimmysWords)).toEqual([]);
  });

  it('the other apartment is loaded from Bronze, replayed and compressed as before', async () => {
    await begin();
    await erase();
    const before = (await household.staging()).filter((line) => /^(?:sensor_file|registry_row) /.test(line));
    await database.warehouse.query('delete from staging.sensor_file');
    await database.warehouse.query('delete from staging.registry_row');
    expect(await household.load('from-bronze')).toMatchObject({ landed: 20, ignored: 0 });
    expect(await household.loadRegistry()).toMatchObject({ landed: 20, ignored: 0, rejected: { count: 0 } });
    const bare = (line: string) => line.replaceAll(/"(?:load_id|row_no)": \d+,?/g, '');
    const after = (await household.staging()).filter((line) => /^(?:sensor_file|registry_row) /.test(line));
    expect(after.map(bare).sort()).toEqual(before.map(bare).sort());
    // The ledger has size and SHA-256 of the files as they are now.
    const report = await compressBronze(database.warehouse, {
      source: 'registry',
      bronzeRoot: bronzeRoot(),
      before: now(),
      dryRun: false,
    });
    expect(report).toMatchObject({ files: 10, left: { count: 0 } });
  });

  it('a restored backup of Bronze does not bring back rows, and erasing again empties it', async () => {
    const backup = join(household.share.folder, 'backup');
    await cp(bronzeRoot(), backup, { recursive: true });
    await begin();
    await erase();
    const others = await household.others();
    await cp(backup, bronzeRoot(), { recursive: true });
    await database.warehouse.query('delete from staging.registry_row');
    await database.warehouse.query('delete from staging.sensor_file');
    expect(await household.load('from-bronze')).toMatchObject({ landed: 20, ignored: 22 });
    expect(await household.loadRegistry()).toMatchObject({ landed: 20, ignored: 38 });
    expect((await household.staging()).filter((line) => /jimmy|Germaine/i.test(line))).toEqual([]);
    await erase();
    expect(await household.whereabouts(jimmysWords)).toEqual([]);
    const bare = (lines: readonly string[]) =>
      lines.map((line) => line.replaceAll(/"(?:load_id|row_no)": \d+,?/g, '')).sort();
    expect(bare(await household.others())).toEqual(bare(others));
  });

  it('stopped at any point and repeated, ends the same', async () => {
    const others = await household.others();
    await begin();
    let stops = 0;
    for (let point = 0; ; point += 1) {
      let asked = 0;
      const signal = {
        get aborted() {
          asked += 1;
          return asked > point;
        },
      } as AbortSignal;
      const outcome = await erase({ signal }).catch((error: unknown) => error);
      if (!(outcome instanceof Error)) break;
      expect(outcome).toBeInstanceOf(HousekeepingInterruptedError);
      stops += 1;
    }
    expect(stops).toBeGreaterThan(8);
    expect(await household.whereabouts(jimmysWords)).toEqual([]);
    expect(await household.others()).toEqual(others);
  });

  it('failing while files of the registry are written anew, and repeated, ends the same, the ledger included', async () => {
    const others = await household.others();
    await begin();
    for (let fails = 0; fails < 6; fails += 1) {
      let calls = 0;
      const onProgress = () => {
        calls += 1;
        if (calls > fails) throw new Error('the disk is gone');
      };
      await erase({ onProgress }).catch(() => undefined);
    }
    await erase();
    expect(await household.whereabouts(jimmysWords)).toEqual([]);
    expect(await household.others()).toEqual(others);
    const report = { source: 'registry', bronzeRoot: bronzeRoot(), before: now(), dryRun: false } as const;
    expect(await compressBronze(database.warehouse, report)).toMatchObject({ files: 10, left: { count: 0 } });
  });

  it('touches nothing without a tombstone, or where Bronze is not mounted', async () => {
    const everything = await household.staging();
    await expect(erase()).rejects.toThrow(/has not begun/);
    await begin();
    const away = join(household.share.folder, 'away');
    await rename(bronzeRoot(), away);
    await expect(erase()).rejects.toThrow(SourceError);
    await mkdir(bronzeRoot());
    await expect(erase()).rejects.toThrow(/has none of the newest files of sensors$/);
    const withoutTombstone = (await household.staging()).filter((line) => !line.startsWith('tombstone '));
    expect(withoutTombstone).toEqual(everything);
    await rm(bronzeRoot(), { recursive: true });
    await rename(away, bronzeRoot());
    expect(await erase()).toMatchObject({ counts: { 'staging.sensor_file': 20 } });
  });

  it('a file elsewhere in Bronze goes by the owner in its name; a path that leads out of Bronze is not followed', async () => {
    await begin();
    const name = fileName(jimmy.owner, 3);
    const outside = join(household.share.folder, 'outside.json');
    for (const path of ['../outside.json', `moved/${name}`]) {
      await database.warehouse.query('update staging.file set bronze_path = $1 where name = $2', [path, name]);
      await mkdir(dirname(join(bronzeRoot(), path)), { recursive: true });
      await writeFile(join(bronzeRoot(), path), document(jimmy.owner, 3));
      await erase();
      expect(await household.whereabouts(['jimmy'])).toEqual([]);
      expect(await readFile(outside, 'utf8')).toBe(document(jimmy.owner, 3));
    }
    expect(await readdir(bronzeRoot())).not.toContain('moved');
  });

  it('names nobody in its record; begun twice, it is the same; deleting the record lifts it', async () => {
    await begin();
    const first = await tombstoneOf(database.warehouse, jimmy);
    await begin();
    expect(await tombstoneOf(database.warehouse, jimmy)).toEqual(first);
    await erase();
    await finishErasure(database.warehouse, jimmy, now);
    await begin();
    const last = await tombstoneOf(database.warehouse, jimmy);
    expect(last).toMatchObject({ id: first?.id, registryIds: { buildings: ['2', '7'] } });
    const { rows } = await database.warehouse.query(`select to_jsonb(t)::text as t from staging.tombstone as t`);
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toMatch(/jimmy|loup/i);
    const asked = await database.warehouse.query(
      `select staging.is_erased('jimmy') as yes, staging.is_erased('jeremie') as no, staging.is_erased(null) as none`,
    );
    expect(asked.rows).toEqual([{ yes: true, no: false, none: false }]);
    await database.warehouse.query('delete from staging.tombstone');
    expect(await household.load('full')).toMatchObject({ landed: 20, ignored: 0 });
  });

  it('a load that is under way lands nothing more once the tombstone stands', async () => {
    await household.share.add(...Array.from({ length: 30 }, (_, minute) => 100 + minute));
    const files = async () =>
      Number(
        (
          await database.warehouse.query(
            `select count(*)::int as n from staging.file where source = 'sensors' and name like '%JimmyLoup%'`,
          )
        ).rows[0]?.n,
      );
    let begun: Promise<number> | undefined;
    const summary = await loadSensors(database.warehouse, household.share.source, {
      mode: 'full',
      clock: now,
      batchFiles: 10,
      onProgress: (progress) => {
        if (progress.phase === 'landing' && progress.files >= 10) begun ??= begin().then(files);
      },
    });
    const before = await begun;
    // The batch that was being landed when the tombstone was written may still commit.
    expect(await files()).toBeLessThanOrEqual(Number(before) + 10);
    expect(summary.ignored).toBeGreaterThan(0);
    expect(summary.landed + summary.ignored).toBe(60);
    await erase();
    expect(await household.whereabouts(jimmysWords)).toEqual([]);
    expect(await household.load('full')).toMatchObject({ landed: 0, ignored: 52 });
  });

  it('the last apartment can be erased, in project.yml or not; checks stay without a listing', async () => {
    await beginErasure(database.warehouse, jeremie, now);
    await begin();
    await erase();
    await erase({ subject: jeremie });
    expect(await household.whereabouts(['jimmy', 'jeremie'])).toEqual([]);
    for (const apartments of [household.share.source.apartments, [], [jeremie]]) {
      const source = { ...household.share.source, apartments };
      const check = await loadSensors(database.warehouse, source, { mode: 'new', clock: now });
      expect(check).toMatchObject({ listed: 'predicted', landed: 0, rejected: { count: 0 } });
      const full = await loadSensors(database.warehouse, source, { mode: 'full', clock: now });
      expect(full).toMatchObject({ landed: 0, rejected: { count: 0 }, ignored: 44 });
    }
  });

  it('an owner that is part of another one keeps to his own files', async () => {
    const jim = { id: 'jim', owner: 'Jimmy' };
    const before = (await household.staging()).filter((line) => /^(?:file|sensor_file) /.test(line));
    const files = [...(await household.share.bronze()).keys()].filter((path) => !path.startsWith('registry/'));
    const rows = await countOf(database.warehouse, 'staging.registry_row');
    await beginErasure(database.warehouse, jim, now);
    const apartments = [...household.share.source.apartments, jim];
    expect(await erase({ subject: jim, apartments })).toMatchObject({
      counts: { 'staging.registry_row': 0, 'registry in Bronze': 0 },
    });
    expect(await countOf(database.warehouse, 'staging.registry_row')).toBe(rows);
    const after = (await household.staging()).filter((line) => /^(?:file|sensor_file) /.test(line));
    expect(after.filter((line) => !line.includes('registry'))).toEqual(
      before.filter((line) => !line.includes('registry')),
    );
    const left = [...(await household.share.bronze()).keys()].filter((path) => !path.startsWith('registry/'));
    expect(left).toEqual(files.filter((path) => !path.endsWith('.part')));
    expect(await household.load('full')).toMatchObject({ landed: 0, ignored: 0 });
  });

  it('of the registry, what lacks a table or dangles is still known by its ids; a damaged file is reported', async () => {
    await begin();
    await erase();
    const later = new Date('2023-08-24T00:00:00Z');
    await writeSnapshot(
      bronzeRoot(),
      later,
      readTables.filter(({ name }) => !['buildings', 'rooms'].includes(name)),
      true,
    );
    expect(await household.loadRegistry()).toMatchObject({ landed: 8, ignored: 11 });
    expect((await household.staging()).filter((line) => /Germaine|Ernest|Papi|192\.168/.test(line))).toEqual([]);
    const folder = join(bronzeRoot(), 'registry', '2023', '08', '23', '20230823T080000Z');
    await writeFile(join(folder, 'devices.json'), '[{"idDevice": 210, "idRoom": 20}, {"idDev');
    await writeFile(join(folder, 'rooms.json'), '[{"idRoom": 50, "idBuilding": 5}, {"idR');
    const path = 'registry/2023/08/23/20230823T080000Z/rooms.json';
    const { damaged } = await erase();
    expect([...damaged].sort()).toEqual([path.replace('rooms', 'devices'), path]);
    expect(await readFile(join(folder, 'devices.json'), 'utf8')).toContain('"idDevice": 210');
    expect(await readFile(join(folder, 'rooms.json'), 'utf8')).toContain('"idRoom": 50');
  });
});
